public import Conversation

/// What calls of one `prompt_hash` were told: all but the date and the caller's own data.
public struct StoredPrompt: Sendable, Equatable, Codable {
    public struct Layer: Sendable, Equatable, Codable {
        /// `PromptPart`'s name.
        public var part: String
        public var text: String
        public init(part: String, text: String) { (self.part, self.text) = (part, text) }
    }
    public struct Tool: Sendable, Equatable, Codable {
        public var name: String
        public var description: String
        /// A JSON schema, as text.
        public var parameters: String
        public var filler: String?
    }

    public var tenant: String
    public var hash: String
    public var direction: String
    public var channel: String
    /// ISO 639-1.
    public var language: String
    public var voice: String
    public var firstUsedAtUnixMilliseconds: Int64
    public var layers: [Layer]
    public var greeting: String
    public var vocabulary: [String]
    public var tools: [Tool]

    public init(_ prompt: SessionPrompt, tenant: String, at unixMilliseconds: Int64) {
        (self.tenant, hash, direction) = (tenant, prompt.hash, prompt.direction.rawValue)
        (channel, language, voice) = (prompt.channel.rawValue, prompt.language, prompt.voice)
        firstUsedAtUnixMilliseconds = unixMilliseconds
        layers = prompt.layers.filter { $0.part != .day }.map { Layer(part: $0.part.rawValue, text: $0.text) }
        (greeting, vocabulary) = (prompt.greeting, prompt.vocabulary)
        tools = prompt.tools.map {
            Tool(name: $0.name, description: $0.description, parameters: $0.parameters, filler: $0.filler)
        }
    }

    /// What speech-to-text was told of these calls, for who transcribes one afterwards.
    public var transcription: TranscriptionHints { TranscriptionHints(language: language, vocabulary: vocabulary) }
}
