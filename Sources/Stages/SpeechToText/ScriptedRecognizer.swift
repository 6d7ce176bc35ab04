public import AudioPipeline

/// The twin of a real engine for tests: says what it was told to, one result per utterance, whatever the audio.
public final class ScriptedRecognizer: SpeechRecognizer {
    public let sampleRateHz: Int
    public var cost: StageCost { .worker }
    /// Samples of each utterance it was given.
    public private(set) var utteranceSamples: [Int] = []
    private var results: [Result<Transcript, RecognitionError>]

    /// - Parameter results: used up in order; afterwards everything is unknown speech.
    public init(_ results: [Result<Transcript, RecognitionError>], sampleRateHz: Int = 16_000) {
        (self.results, self.sampleRateHz) = (results.reversed(), sampleRateHz)
    }

    public convenience init(texts: [String], sampleRateHz: Int = 16_000) {
        self.init(
            texts.map { .success($0.isEmpty ? .unknown : Transcript(text: $0, confidence: 1)) },
            sampleRateHz: sampleRateHz)
    }

    public func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        utteranceSamples.append(utterance.count)
        guard let result = results.popLast() else { return .unknown }
        return try result.get()
    }
}
