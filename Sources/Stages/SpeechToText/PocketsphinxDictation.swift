public import AudioPipeline

/// Any English, as pocketsphinx guesses it. On recorded telephone prompts it had three of nine right where a list of
/// phrases had all nine (`PocketsphinxRecognizer`): better than no text, and worse than any other.
///
/// - Input: 16 kHz, mono, one utterance of at most 60 s.
/// - Cost: about one second of processor time per second of speech; a new one takes some 100 MB.
/// - Thread: one at a time.
public final class PocketsphinxDictation: SpeechRecognizer {
    public var sampleRateHz: Int { 16_000 }
    public var cost: StageCost { .worker }

    private let decoder: PocketsphinxDecoder

    /// What its transcripts are worth, stated and not measured by the engine: three of nine.
    public static let statedConfidence: Float = 0.3

    public init(model: PocketsphinxModel = .init()) throws(RecognitionError) {
        decoder = try PocketsphinxDecoder(model: model, sampleRateHz: 16_000)
        try decoder.addSearch(name: "dictation", languageModel: model.languageModelFile)
    }

    public func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        guard utterance.count <= PocketsphinxRecognizer.maximumSamples else {
            throw RecognitionError(
                .utteranceTooLong, "utterance of \(utterance.count / 16_000) s: at most 60 s at once")
        }
        guard utterance.count >= PocketsphinxRecognizer.minimumSamples else { return .unknown }
        let heard = try decoder.decode(utterance, search: "dictation")
        guard !heard.words.isEmpty else { return .unknown }
        return Transcript(
            text: heard.words.map(\.text).joined(separator: " "), confidence: Self.statedConfidence, words: heard.words)
    }
}
