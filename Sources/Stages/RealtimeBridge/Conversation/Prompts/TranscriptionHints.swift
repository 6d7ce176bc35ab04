/// What speech-to-text is told before it listens, live and afterwards alike.
public struct TranscriptionHints: Sendable, Equatable {
    /// ISO 639-1.
    public let language: String
    /// Words to expect, the tenant's most important last: Whisper reads the end of a long list.
    public let vocabulary: [String]

    package init(language: String, vocabulary: [String]) { (self.language, self.vocabulary) = (language, vocabulary) }

    /// As the `prompt` of a transcription; empty when there is nothing to expect.
    public var prompt: String { vocabulary.joined(separator: ", ") }
}
