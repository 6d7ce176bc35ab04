/// Makes session prompts: a pure function of its arguments. The one writer of prompt and greeting (design: Ownership).
///
/// The instructions are layers in one order: universal rules, what the tenant wrote for the direction, what holds on the
/// channel, what holds in the language, the day. Nothing stands in for a direction's words. What is known about the
/// caller is none of them: it travels as an item of its own.
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
    ///   - language: ISO 639-1; nil: the source's.
    ///   - today: the date in the tenant's time zone as a person would say it; nil leaves the layer out.
    ///   - callerContext: facts about this caller, kept apart from the instructions.
    /// - Throws: the first part that is missing or longer than its `maximumBytes`.
    public func build(
        from source: PromptSource, direction: CallDirection, channel: PromptChannel = .calls, language: String? = nil,
        today: String? = nil, callerContext: String = ""
    ) throws(PromptError) -> SessionPrompt {
        var prompt = try written(source, direction, channel, language)
        if let today { prompt = Self.with(try Self.day(today, source.timeZone), prompt) }
        try Self.checkSession(prompt)
        return try adding(callerContext, to: prompt)
    }

    /// The same prompt on another day, as `build` would make it: the day is a layer of its own, nothing else holds it.
    /// - Throws: when the day makes it too long.
    func dated(_ prompt: SessionPrompt, _ today: String, timeZone: String) throws(PromptError) -> SessionPrompt {
        let prompt = Self.with(try Self.day(today, timeZone), prompt)
        try Self.checkSession(prompt)
        return prompt
    }

    /// All that does not change from one day to the next.
    private func written(
        _ source: PromptSource, _ direction: CallDirection, _ channel: PromptChannel, _ language: String?
    ) throws(PromptError) -> SessionPrompt {
        guard let script = source[direction] else { throw .nothingWritten(for: direction) }
        let added = script.channels[channel]
        let builtIn = PromptChannel.builtInRules(channel)
        guard added != nil || builtIn != nil else { throw .unknownChannel(channel, direction) }
        let language = language ?? source.language

        var layers: [PromptLayer] = []
        func add(_ part: PromptPart, _ texts: [String]) throws(PromptError) {
            let text = texts.map(PromptText.cleaned).filter { !$0.isEmpty }.joined(separator: "\n")
            if !text.isEmpty { layers.append(PromptLayer(part, try Self.fitting(text, part))) }
        }
        try add(.universal, [rules])
        try add(.direction, [script.instructions])
        if !script.instructions.isEmpty, layers.last?.part != .direction { throw .nothingWritten(for: direction) }
        try add(.channel, [builtIn ?? "", added?.instructions ?? ""])
        try add(.language, [Self.languageRule(language), source.languageRules[language] ?? ""])

        let greeting = try Self.fitting(PromptText.cleaned(added?.greeting ?? script.greeting), .greeting)
        let hints = try transcription(from: source, language: language)
        let tools = try Self.tools(source)

        var digest = PromptDigest()
        for text in [direction.rawValue, channel.rawValue] { digest.add(text) }
        for layer in layers {
            digest.add(layer.part.rawValue)
            digest.add(layer.text)
        }
        for text in [greeting, language, source.voice, source.timeZone] { digest.add(text) }
        digest.add(count: hints.vocabulary.count)
        for word in hints.vocabulary { digest.add(word) }
        digest.add(tools)

        return SessionPrompt(
            instructions: SessionPrompt.instructions(of: layers), greeting: greeting, language: language,
            voice: source.voice, tools: tools, callerContext: "", hash: digest.hexadecimal, direction: direction,
            channel: channel, vocabulary: hints.vocabulary, layers: layers)
    }

    private static func day(_ today: String, _ timeZone: String) throws(PromptError) -> PromptLayer {
        PromptLayer(.day, try fitting(PromptText.cleaned("Today is \(today) (\(timeZone))."), .day))
    }

    /// The day is the last layer, and there is one at most.
    private static func with(_ day: PromptLayer, _ prompt: SessionPrompt) -> SessionPrompt {
        let layers = prompt.layers.filter { $0.part != .day } + [day]
        return SessionPrompt(
            instructions: SessionPrompt.instructions(of: layers), greeting: prompt.greeting, language: prompt.language,
            voice: prompt.voice, tools: prompt.tools, callerContext: prompt.callerContext, hash: prompt.hash,
            direction: prompt.direction, channel: prompt.channel, vocabulary: prompt.vocabulary, layers: layers)
    }

    /// What speech-to-text is told of a tenant's calls, where no session prompt is at hand.
    /// - Throws: when the vocabulary is too long.
    public func transcription(
        from source: PromptSource, language: String? = nil
    ) throws(PromptError) -> TranscriptionHints {
        var seen = Set<String>()
        let words = source.vocabulary.map(PromptText.line).filter { !$0.isEmpty && seen.insert($0).inserted }
        let hints = TranscriptionHints(language: language ?? source.language, vocabulary: words)
        _ = try Self.fitting(hints.prompt, .vocabulary)
        return hints
    }

    /// The same prompt for one caller.
    /// - Throws: when that is more than a prompt may hold of a caller.
    func adding(_ callerContext: String, to prompt: SessionPrompt) throws(PromptError) -> SessionPrompt {
        guard !callerContext.isEmpty else { return prompt }
        var prompt = prompt
        prompt.callerContext = try Self.callerContext(callerContext)
        return prompt
    }

    /// A caller's facts as a session may be told them; for whoever takes them from outside, before the call.
    public static func callerContext(_ text: String) throws(PromptError) -> String {
        try fitting(PromptText.cleaned(text), .caller)
    }

    /// Everything that is wrong with a source, whatever the call: for who checks a configuration.
    public func problems(in source: PromptSource) -> [PromptProblem] {
        var problems: [PromptProblem] = []
        for direction in CallDirection.allCases {
            guard let script = source[direction] else { continue }
            for channel in source.channels(direction) {
                for language in [source.language] + source.languageRules.keys.sorted() {
                    do throws(PromptError) {
                        _ = try build(from: source, direction: direction, channel: channel, language: language)
                    } catch {
                        let isOwn = script.channels[channel]?.greeting != nil
                        let problem = PromptProblem(
                            error: error, direction: direction, channel: channel, language: language,
                            isChannelsOwn: error.part == .channel || (error.part == .greeting && isOwn))
                        if !problems.contains(where: { $0.isAbout(problem) }) { problems.append(problem) }
                    }
                }
            }
        }
        return problems
    }

    private static func tools(_ source: PromptSource) throws(PromptError) -> [ToolDefinition] {
        let tools: [ToolDefinition] =
            [.endCall]
            + source.tools.filter { $0.name != ToolDefinition.endCall.name }.map { tool in
                var tool = tool
                tool.description = PromptText.cleaned(tool.description)
                tool.filler = tool.filler.map(PromptText.cleaned)
                return tool
            }
        let bytes = tools.reduce(0) { $0 + $1.name.utf8.count + $1.description.utf8.count + $1.parameters.utf8.count }
        guard bytes <= PromptPart.tools.maximumBytes else { throw .tooLong(.tools, bytes: bytes) }
        return tools
    }

    private static func fitting(_ text: String, _ part: PromptPart) throws(PromptError) -> String {
        guard text.utf8.count <= part.maximumBytes else { throw .tooLong(part, bytes: text.utf8.count) }
        return text
    }

    /// As JSON, where quotes, backslashes and line feeds take two bytes.
    private static func checkSession(_ prompt: SessionPrompt) throws(PromptError) {
        func written(_ text: String) -> Int {
            text.utf8.reduce(0) { $0 + ($1 == 0x22 || $1 == 0x5C || $1 < 0x20 ? 2 : 1) }
        }
        let bytes = prompt.tools.reduce(written(prompt.instructions) + written(prompt.transcription.prompt)) {
            // A tool's frame: `{"type":"function","name":"","description":"","parameters":}`, and the comma after it.
            $0 + 64 + written($1.name) + written($1.description) + $1.parameters.utf8.count
        }
        guard bytes <= PromptPart.session.maximumBytes else { throw .tooLong(.session, bytes: bytes) }
    }
}

/// One thing that keeps prompts of a source from being built, and where it is written.
public struct PromptProblem: Sendable, Equatable {
    public let error: PromptError
    public let direction: CallDirection
    public let channel: PromptChannel
    public let language: String
    /// The channel's own words, not the direction's, are what is wrong.
    public let isChannelsOwn: Bool

    /// The same words were found wrong before.
    fileprivate func isAbout(_ other: PromptProblem) -> Bool {
        guard error == other.error else { return false }
        switch other.error.part {
        case .universal, .vocabulary, .tools, .caller, .day: return true
        case .language: return language == other.language
        case .session, nil: return direction == other.direction
        case .direction, .channel, .greeting:
            return direction == other.direction && isChannelsOwn == other.isChannelsOwn
                && (!isChannelsOwn || channel == other.channel)
        }
    }
}

extension PromptError {
    /// What is too long.
    public var part: PromptPart? {
        guard case .tooLong(let part, _) = self else { return nil }
        return part
    }
}
