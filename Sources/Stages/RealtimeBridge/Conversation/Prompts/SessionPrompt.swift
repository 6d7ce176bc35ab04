/// All that a model session may be told about who it is. Only `PromptBuilder` can make one.
public struct SessionPrompt: Sendable, Equatable {
    public let instructions: String
    /// What the agent says first, word for word; empty when it does not speak first.
    public let greeting: String
    /// ISO 639-1.
    public let language: String
    public let voice: String
    /// `end_call` is always among them.
    public let tools: [ToolDefinition]
    /// What is known about this caller. Travels as an item of the conversation, never within `instructions`.
    public internal(set) var callerContext: String
    /// 16 hex digits over what the tenant wrote and all rules: not over the date, not over the caller.
    public let hash: String
    public let direction: CallDirection
    public let channel: PromptChannel
    /// Words that speech-to-text should expect.
    public let vocabulary: [String]
    /// What the instructions are made of, in their order; empty ones are left out.
    public let layers: [PromptLayer]

    init(
        instructions: String, greeting: String, language: String, voice: String, tools: [ToolDefinition],
        callerContext: String, hash: String, direction: CallDirection = .inbound, channel: PromptChannel = .calls,
        vocabulary: [String] = [], layers: [PromptLayer] = []
    ) {
        (self.instructions, self.greeting, self.tools) = (instructions, greeting, tools)
        (self.language, self.voice, self.hash) = (language, voice, hash)
        (self.direction, self.channel) = (direction, channel)
        (self.callerContext, self.vocabulary, self.layers) = (callerContext, vocabulary, layers)
    }

    /// The layers as the model reads them.
    static func instructions(of layers: [PromptLayer]) -> String { layers.map(\.text).joined(separator: "\n\n") }

    /// What speech-to-text is told, live and afterwards.
    public var transcription: TranscriptionHints { TranscriptionHints(language: language, vocabulary: vocabulary) }
}

/// A tool the model may call.
public struct ToolDefinition: Sendable, Equatable {
    public var name: String
    public var description: String
    /// A JSON schema of an object, as text.
    public var parameters: String
    /// What the agent says, word for word, when the tool takes long; nil: words of its own, when the policy wants any.
    public var filler: String?
    /// After how long; nil: the policy's `toolFillerMilliseconds`.
    public var fillerMilliseconds: Int64?
    /// When it gets an output in its place; nil: the policy's `toolTimeoutMilliseconds`.
    public var timeoutMilliseconds: Int64?

    public init(
        name: String, description: String, parameters: String = #"{"type":"object","properties":{}}"#,
        filler: String? = nil, fillerMilliseconds: Int64? = nil, timeoutMilliseconds: Int64? = nil
    ) {
        (self.name, self.description, self.parameters) = (name, description, parameters)
        (self.filler, self.fillerMilliseconds) = (filler, fillerMilliseconds)
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Built in: the conversation itself acts on it.
    public static let endCall = ToolDefinition(
        name: "end_call",
        description: "Hang up. Call it in the same answer in which you say goodbye, once the caller wants nothing more."
    )
}
