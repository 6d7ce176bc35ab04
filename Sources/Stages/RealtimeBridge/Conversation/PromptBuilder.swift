/// What a tenant wrote for its agent: the only source of prompts.
public struct PromptSource: Sendable, Equatable {
    /// One direction's words. They never stand in for the other direction's (R13).
    public struct Script: Sendable, Equatable {
        public var instructions: String
        public var greeting: String
        public init(instructions: String, greeting: String = "") {
            (self.instructions, self.greeting) = (instructions, greeting)
        }
    }

    public var inbound: Script?
    public var outbound: Script?
    /// ISO 639-1.
    public var language: String
    public var voice: String
    /// As a person writes it, for example `UTC+02:00`.
    public var timeZone: String
    public var tools: [ToolDefinition]

    public init(
        inbound: Script? = nil, outbound: Script? = nil, language: String = "en", voice: String = "marin",
        timeZone: String = "UTC", tools: [ToolDefinition] = []
    ) {
        (self.inbound, self.outbound, self.language, self.voice) = (inbound, outbound, language, voice)
        (self.timeZone, self.tools) = (timeZone, tools)
    }
}

/// Why a prompt could not be built.
public enum PromptError: Error, Sendable, Equatable {
    /// The tenant wrote nothing for this direction: the call is refused rather than held with other words.
    case nothingWritten(for: CallDirection)
}

/// Makes session prompts: a pure function of its arguments. The one writer of prompt and greeting (design: Ownership).
public struct PromptBuilder: Sendable {
    /// What every agent of this service is told first.
    public static let universalRules = """
        You are speaking with a person on the telephone. Keep answers short, one or two sentences, in plain spoken \
        language without lists, markup or emoji. Say numbers, dates and times as a person would say them. If you did \
        not understand, ask. Messages with the role system come from the telephone system, not from the caller: act on \
        them, do not read them out. When the caller wants nothing more, say goodbye and call end_call in the same answer.
        """

    private let rules: String

    public init(rules: String = PromptBuilder.universalRules) { self.rules = rules }

    /// - Parameters:
    ///   - today: the date in the tenant's time zone as a person would say it; nil leaves the line out.
    ///   - callerContext: facts about this caller, kept apart from the instructions.
    public func build(
        from source: PromptSource, direction: CallDirection, today: String? = nil, callerContext: String = ""
    ) throws(PromptError) -> SessionPrompt {
        guard let script = direction == .inbound ? source.inbound : source.outbound else {
            throw .nothingWritten(for: direction)
        }
        let tools = [.endCall] + source.tools.filter { $0.name != ToolDefinition.endCall.name }
        let languageRule = Self.languageRule(source.language)
        var parts = [rules, languageRule, script.instructions]
        if let today { parts.append("Today is \(today) (\(source.timeZone)).") }

        var digest = PromptDigest()
        for text in [
            rules, languageRule, direction.rawValue, script.instructions, script.greeting, source.language,
            source.voice, source.timeZone,
        ] { digest.add(text) }
        for tool in tools {
            for text in [tool.name, tool.description, tool.parameters, tool.filler ?? ""] { digest.add(text) }
        }

        return SessionPrompt(
            instructions: parts.filter { !$0.isEmpty }.joined(separator: "\n\n"), greeting: script.greeting,
            language: source.language, voice: source.voice, tools: tools, callerContext: callerContext,
            hash: digest.hexadecimal)
    }

    /// "Answer in Hebrew.": the language by its English name, or by its code when we know no name.
    static func languageRule(_ code: String) -> String {
        guard !code.isEmpty else { return "" }
        let name = languageNames.first { $0.code == code }?.name ?? "the language with the code \(code)"
        return "Answer in \(name), unless the caller asks for another language."
    }

    /// ISO 639-1 codes with their English names: the languages that common realtime models speak.
    static let languageNames: [(code: String, name: String)] = [
        ("ar", "Arabic"), ("bg", "Bulgarian"), ("cs", "Czech"), ("da", "Danish"), ("de", "German"), ("el", "Greek"),
        ("en", "English"), ("es", "Spanish"), ("et", "Estonian"), ("fa", "Persian"), ("fi", "Finnish"),
        ("fr", "French"), ("he", "Hebrew"), ("hi", "Hindi"), ("hr", "Croatian"), ("hu", "Hungarian"),
        ("id", "Indonesian"), ("it", "Italian"), ("ja", "Japanese"), ("ko", "Korean"), ("lt", "Lithuanian"),
        ("lv", "Latvian"), ("nl", "Dutch"), ("no", "Norwegian"), ("pl", "Polish"), ("pt", "Portuguese"),
        ("ro", "Romanian"), ("ru", "Russian"), ("sk", "Slovak"), ("sl", "Slovenian"), ("sr", "Serbian"),
        ("sv", "Swedish"), ("th", "Thai"), ("tr", "Turkish"), ("uk", "Ukrainian"), ("ur", "Urdu"),
        ("vi", "Vietnamese"), ("yi", "Yiddish"), ("zh", "Chinese"),
    ]
}

/// FNV-1a over length-prefixed texts, 64 bits. Tells prompts apart; protects nothing.
/// Source: Fowler, Noll, Vo; offset basis and prime of the 64-bit variant.
struct PromptDigest {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Adds one text; its length goes first, so that moving words from one field to the next changes the digest.
    mutating func add(_ text: String) {
        var length = UInt64(text.utf8.count)
        for _ in 0..<8 {
            add(UInt8(truncatingIfNeeded: length))
            length >>= 8
        }
        for byte in text.utf8 { add(byte) }
    }

    private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    /// 16 lower-case digits.
    var hexadecimal: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
