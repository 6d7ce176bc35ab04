public import AudioPipeline
import CSampleRate

/// Changes the rate of linear PCM by any ratio from 1/256 to 256, through libsamplerate's medium sinc converter.
///
/// Off the frame path only: it costs some 300 times as much as `PolyphaseResampler`, and what it gives per call varies. Its output is
/// aligned with its input in time; the last `latencySamples` of what went in come out with `finish`.
///
/// - Input: 16-bit samples, at most `maximumInputSamples` per call. Output: 16-bit samples, saturated.
/// - Errors: a refusing library is `.dropped`; it does not happen with a state made by `init`.
@safe public struct RateConverter: Stage, ~Copyable, @unchecked Sendable {
    // Sendable: state and scratch belong to this value alone, which cannot be copied.

    public let inputRateHz: Int, outputRateHz: Int
    /// Output samples held back for the filter's future, measured when the converter is made.
    public private(set) var latencySamples = 0
    /// Most input samples of one `process`: 100 ms.
    public let maximumInputSamples: Int

    private let state: OpaquePointer
    private let ratio: Double
    private let scratchIn: UnsafeMutablePointer<Float>, scratchOut: UnsafeMutablePointer<Float>
    private let scratchOutCount: Int

    public init(inputRateHz: Int, outputRateHz: Int) throws(ResampleError) {
        guard inputRateHz > 0, outputRateHz > 0 else {
            throw ResampleError(.unsupportedRatio, inputRateHz: inputRateHz, outputRateHz: outputRateHz)
        }
        let ratio = Double(outputRateHz) / Double(inputRateHz)
        guard src_is_valid_ratio(ratio) != 0 else {
            throw ResampleError(.unsupportedRatio, inputRateHz: inputRateHz, outputRateHz: outputRateHz)
        }
        var status: CInt = 0
        guard let state = unsafe src_new(CInt(SRC_SINC_MEDIUM_QUALITY), 1, &status) else {
            throw ResampleError(
                .library, inputRateHz: inputRateHz, outputRateHz: outputRateHz, libraryStatus: status)
        }
        unsafe self.state = state
        self.ratio = ratio
        self.inputRateHz = inputRateHz
        self.outputRateHz = outputRateHz
        maximumInputSamples = max(1, inputRateHz / 10)
        scratchOutCount = Int(Double(maximumInputSamples) * ratio) + 4_096
        unsafe scratchIn = .allocate(capacity: maximumInputSamples)
        unsafe scratchIn.initialize(repeating: 0, count: maximumInputSamples)
        unsafe scratchOut = .allocate(capacity: scratchOutCount)
        unsafe scratchOut.initialize(repeating: 0, count: scratchOutCount)

        var taken = 0, given = 0
        for _ in 0..<10 {
            given += convert(maximumInputSamples, atEnd: false) ?? 0
            taken += maximumInputSamples
        }
        latencySamples = max(0, Int(Double(taken) * ratio) - given)
        reset()
    }

    deinit {
        unsafe _ = src_delete(state)
        unsafe scratchIn.deallocate()
        unsafe scratchOut.deallocate()
    }

    /// Room that `process` or `finish` may need in its output.
    public func maximumOutputSamples(forInput inputSamples: Int) -> Int {
        Int((Double(inputSamples) * ratio).rounded(.up)) + latencySamples + 16
    }

    public mutating func process(
        _ input: borrowing Span<Int16>, into output: inout MutableSpan<Int16>
    ) -> StageOutcome {
        precondition(input.count <= maximumInputSamples, "input.count: \(input.count)")
        for i in input.indices { unsafe scratchIn[i] = Float(input[i]) }
        return give(convert(input.count, atEnd: false), into: &output)
    }

    /// The samples held back. The converter is reset by it.
    public mutating func finish(into output: inout MutableSpan<Int16>) -> StageOutcome {
        let outcome = give(convert(0, atEnd: true), into: &output)
        reset()
        return outcome
    }

    public mutating func reset() { unsafe _ = src_reset(state) }

    /// A whole recording at once.
    /// - Returns: `samples.count` x output rate / input rate samples, within one.
    public static func convert(
        _ samples: [Int16], inputRateHz: Int, outputRateHz: Int
    ) throws(ResampleError) -> [Int16] {
        var converter = try RateConverter(inputRateHz: inputRateHz, outputRateHz: outputRateHz)
        var result: [Int16] = []
        var block = [Int16](
            repeating: 0, count: converter.maximumOutputSamples(forInput: converter.maximumInputSamples))
        var start = 0
        while true {
            let end = min(start + converter.maximumInputSamples, samples.count)
            var target = block.mutableSpan
            let outcome =
                start < end
                ? converter.process(samples.span.extracting(start..<end), into: &target)
                : converter.finish(into: &target)
            if case .produced(let count) = outcome { result.append(contentsOf: block[..<count]) }
            if start >= end { return result }
            start = end
        }
    }

    /// Runs the library over `scratchIn` until all of it is taken; nil when it refuses.
    private func convert(_ count: Int, atEnd: Bool) -> Int? {
        var taken = 0, given = 0
        while true {
            var data = unsafe SRC_DATA()
            unsafe data.data_in = UnsafePointer(scratchIn + taken)
            unsafe data.data_out = scratchOut + given
            unsafe data.input_frames = CLong(count - taken)
            unsafe data.output_frames = CLong(scratchOutCount - given)
            unsafe data.end_of_input = atEnd ? 1 : 0
            unsafe data.src_ratio = ratio
            guard unsafe src_process(state, &data) == 0 else { return nil }
            unsafe taken += Int(data.input_frames_used)
            unsafe given += Int(data.output_frames_gen)
            if unsafe data.input_frames_used == 0 && data.output_frames_gen == 0 { return given }
            if taken == count && !atEnd { return given }
        }
    }

    private func give(_ count: Int?, into output: inout MutableSpan<Int16>) -> StageOutcome {
        guard let count else { return .dropped }
        precondition(output.count >= count, "output.count: \(output.count)")
        for i in 0..<count {
            let value = unsafe scratchOut[i]
            output[i] = Int16(min(max(value, -32_768), 32_767).rounded())
        }
        return count > 0 ? .produced(samples: count) : .starved
    }
}
