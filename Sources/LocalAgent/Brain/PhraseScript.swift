/// What the agent says to what: a short text that anybody can edit.
///
///     # Lines starting with # are for people.
///     greeting: Hello, how can I help you?
///     otherwise: Sorry, I did not understand that.
///     silence: Are you still there?
///     goodbye: Goodbye.
///
///     hear: goodbye | thank you
///     say: Goodbye, and thank you for calling.
///     tool: end_call {"reason": "caller said goodbye"}
///
/// `hear` starts an entry and lists phrases, each of words in the speech recognizer's dictionary. `tool` names a function
/// the session must offer, with arguments as a JSON object; `then` is said when the tool's output has come.
public struct PhraseScript: Equatable, Sendable {
    public var greeting: String
    /// To speech that fits no phrase.
    public var otherwise: String
    /// To a caller who says nothing, when the session asks for that.
    public var silence: String
    /// When the client asks for a goodbye.
    public var goodbye: String
    public var entries: [Entry]

    public struct Entry: Equatable, Sendable {
        public var hear: [String]
        public var say: String
        public var tool: Tool?
        public var then: String?

        public init(hear: [String], say: String, tool: Tool? = nil, then: String? = nil) {
            (self.hear, self.say, self.tool, self.then) = (hear, say, tool, then)
        }
    }

    public struct Tool: Equatable, Sendable {
        public var name: String
        /// A JSON object.
        public var arguments: String

        public init(name: String, arguments: String = "{}") { (self.name, self.arguments) = (name, arguments) }
    }

    public init(
        greeting: String, otherwise: String, silence: String, goodbye: String = "Goodbye.", entries: [Entry]
    ) {
        (self.greeting, self.otherwise, self.silence) = (greeting, otherwise, silence)
        (self.goodbye, self.entries) = (goodbye, entries)
    }

    /// All phrases, for the recognizer's grammar.
    public var phrases: [String] { entries.flatMap(\.hear) }

    /// - Parameter words: as a transcript or a person writes them; case and punctuation do not matter.
    func entry(hearing words: String) -> Entry? {
        let heard = Self.normalized(words)
        return heard.isEmpty ? nil : entries.first { $0.hear.contains { Self.normalized($0) == heard } }
    }

    static func normalized(_ text: String) -> String {
        let kept = text.lowercased().replacing("\u{2019}", with: "'")
            .map { $0.isLetter || $0.isNumber || $0 == "'" ? $0 : " " }
        return String(kept).split(separator: " ").joined(separator: " ")
    }
}
