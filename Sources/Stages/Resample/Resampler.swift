public import AudioPipeline

/// Changes the rate of linear PCM between any two rates: a copy when they are equal, the polyphase filter among 8, 16,
/// 24 and 48 kHz, libsamplerate for every other pair (then off the frame path only).
@safe public struct Resampler: Stage, ~Copyable, Sendable {
    private var polyphase: PolyphaseResampler?
    private var converter: RateConverter?
    public let latencySamples: Int
    /// Whether this pair of rates may be converted on the frame path.
    public let isForFramePath: Bool

    public init(inputRateHz: Int, outputRateHz: Int) throws(ResampleError) {
        if inputRateHz == outputRateHz, inputRateHz > 0 {
            latencySamples = 0
            isForFramePath = true
        } else if Self.rates.contains(inputRateHz), Self.rates.contains(outputRateHz) {
            let polyphase = try PolyphaseResampler(inputRateHz: inputRateHz, outputRateHz: outputRateHz)
            latencySamples = polyphase.latencySamples
            isForFramePath = true
            self.polyphase = consume polyphase
        } else {
            let converter = try RateConverter(inputRateHz: inputRateHz, outputRateHz: outputRateHz)
            latencySamples = converter.latencySamples
            isForFramePath = false
            self.converter = consume converter
        }
    }

    private static let rates = [8_000, 16_000, 24_000, 48_000]

    public mutating func process(
        _ input: borrowing Span<Int16>, into output: inout MutableSpan<Int16>
    ) -> StageOutcome {
        if polyphase != nil { return polyphase!.process(input, into: &output) }
        if converter != nil { return converter!.process(input, into: &output) }
        precondition(output.count >= input.count, "output.count: \(output.count)")
        for i in input.indices { output[i] = input[i] }
        return .produced(samples: input.count)
    }

    public mutating func reset() {
        polyphase?.reset()
        converter?.reset()
    }
}
