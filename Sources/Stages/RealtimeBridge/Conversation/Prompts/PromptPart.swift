/// What a prompt is made of. The first five are the layers of its instructions, in their order.
public enum PromptPart: String, Sendable, CaseIterable {
    /// Rules of every agent of this service.
    case universal
    /// What the tenant wrote for the direction.
    case direction
    /// What holds on the channel.
    case channel
    /// What holds in the language.
    case language
    /// "Today is ...": never cached beyond that day, never part of the hash.
    case day
    case greeting
    /// Words for speech-to-text.
    case vocabulary
    case tools
    /// What is known about the caller: an item of the conversation, never within the instructions, never cached.
    case caller
    /// Instructions, vocabulary and tools together, as the one message that configures a session.
    case session

    /// Most bytes of UTF-8 that it may have.
    ///
    /// Instructions: some 10,000 tokens at most, which a session still takes, and pays for with every answer. Greeting: two
    /// minutes of speech. Vocabulary: more than a transcription model reads (Whisper: the last 224 tokens). Session: what
    /// the model socket's queue of 64 KiB takes in one message, with room for what is around it.
    public var maximumBytes: Int {
        switch self {
        case .universal, .channel, .language, .caller: 4_096
        case .direction: 24_576
        case .day: 128
        case .greeting, .vocabulary: 2_048
        case .tools: 24_576
        case .session: 60_000
        }
    }
}

/// One layer of a prompt's instructions.
public struct PromptLayer: Sendable, Equatable {
    public let part: PromptPart
    public let text: String
    /// In UTF-8.
    public var bytes: Int { text.utf8.count }

    init(_ part: PromptPart, _ text: String) { (self.part, self.text) = (part, text) }
}

/// Why a prompt could not be built.
public enum PromptError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The tenant wrote nothing for this direction: the call is refused rather than held with other words.
    case nothingWritten(for: CallDirection)
    /// Neither this program nor the tenant has anything to say on this channel.
    case unknownChannel(PromptChannel, CallDirection)
    case tooLong(PromptPart, bytes: Int)

    public var description: String {
        switch self {
        case .nothingWritten(let direction): "nothing is written for \(direction.rawValue) calls"
        case .unknownChannel(let channel, let direction):
            "no channel `\(channel)` is known, and none is written for \(direction.rawValue) calls"
        case .tooLong(let part, let bytes):
            "the prompt's \(part.rawValue) part has \(bytes) bytes; at most \(part.maximumBytes) were expected"
        }
    }
}
