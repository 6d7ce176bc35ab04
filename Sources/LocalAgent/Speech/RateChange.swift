import AudioPipeline
import Resample

/// Changes the rate of a whole recording with the frame path's filter.
enum RateChange {
    /// - Parameters: rates among 8,000, 16,000, 24,000 and 48,000.
    /// - Returns: as long as the input, without the filter's delay.
    static func convert(_ samples: [Int16], from inputRateHz: Int, to outputRateHz: Int) throws(ResampleError)
        -> [Int16]
    {
        guard inputRateHz != outputRateHz, !samples.isEmpty else { return samples }
        var resampler = try PolyphaseResampler(inputRateHz: inputRateHz, outputRateHz: outputRateHz)
        let length = samples.count * outputRateHz / inputRateHz
        let frame = resampler.maximumInputSamples
        var output: [Int16] = []
        output.reserveCapacity(length + 2 * resampler.latencySamples + frame)
        var block = [Int16](repeating: 0, count: outputRateHz / 50 + 8)
        let silence = [Int16](repeating: 0, count: frame)
        var start = 0
        while output.count < length + resampler.latencySamples {
            let end = min(start + frame, samples.count)
            var target = block.mutableSpan
            let outcome =
                start < end
                ? resampler.process(samples.span.extracting(start..<end), into: &target)
                : resampler.process(silence.span, into: &target)
            if case .produced(let count) = outcome { output += block[..<count] }
            start = end
        }
        return Array(output[resampler.latencySamples..<resampler.latencySamples + length])
    }
}
