/// All that a model session may be told about who it is. Only `PromptBuilder` can make one.
public struct SessionPrompt: Sendable, Equatable {
    public let instructions: String
    public let greeting: String
    /// ISO 639-1.
    public let language: String
    public let voice: String
    /// First 16 hex digits of a digest over all of the above.
    public let hash: String

    init(instructions: String, greeting: String, language: String, voice: String, hash: String) {
        (self.instructions, self.greeting) = (instructions, greeting)
        (self.language, self.voice, self.hash) = (language, voice, hash)
    }
}
