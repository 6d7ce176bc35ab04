import CSampleRate
import Resample
import Testing

/// Judged by libsamplerate's two honest converters: what differs is no more than the filter's own bounds allow.
@Suite struct `Polyphase resampler against libsamplerate` {
    @Test(
        arguments: [(8_000, 24_000), (24_000, 8_000), (8_000, 16_000), (16_000, 8_000), (16_000, 24_000)],
        [SRC_SINC_MEDIUM_QUALITY, SRC_SINC_BEST_QUALITY])
    func `tones of the telephone band come out as from medium and best`(rates: (Int, Int), quality: Int) throws {
        let (input, output) = rates
        for hz in stride(from: 200.0, through: 3_400, by: 400) {
            let tone = Signals.sine(hz, rateHz: input, samples: input / 2, amplitude: 20_000)
            var resampler = try PolyphaseResampler(inputRateHz: input, outputRateHz: output)
            let ours = resampler.run(tone)
            let theirs = try Self.converted(tone, ratio: Double(output) / Double(input), quality: quality)
            // The middle half, where neither has an end in reach.
            let latency = resampler.latencySamples
            var difference = 0.0, power = 0.0
            for index in output / 8..<output / 8 * 3 {
                let expected = Double(theirs[index])
                difference += (Double(ours[index + latency]) - expected) * (Double(ours[index + latency]) - expected)
                power += expected * expected
            }
            let decibels = Signals.decibels((difference / power).squareRoot())
            #expect(decibels < -55, "\(rates) at \(hz) Hz: \(decibels) dB")
        }
    }

    private static func converted(_ samples: [Int16], ratio: Double, quality: Int) throws -> [Float] {
        let input = samples.map { Float($0) }
        var output = [Float](repeating: 0, count: Int(Double(samples.count) * ratio) + 16)
        let status = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                var data = unsafe SRC_DATA()
                unsafe data.data_in = source.baseAddress
                unsafe data.data_out = target.baseAddress
                unsafe data.input_frames = source.count
                unsafe data.output_frames = target.count
                unsafe data.src_ratio = ratio
                return unsafe src_simple(&data, CInt(quality), 1)
            }
        }
        try #require(status == 0)
        return output
    }
}
