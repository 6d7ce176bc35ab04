/// Answers from a phrase script.
struct ScriptBrain: AgentBrain {
    let script: PhraseScript

    func answer(
        _ request: AnswerRequest, isCancelled: @escaping @Sendable () -> Bool, give: (AnswerPiece) -> Void
    ) throws(BrainError) {
        if let directive = request.directive, let words = follow(directive) { return say(words, give) }
        switch request.occasion {
        case .exactly(let words): say(words, give)
        case .opening: say(script.greeting, give)
        case .silence: say(script.silence, give)
        case .toolOutput(let name, _): say(script.entries.first { $0.tool?.name == name }?.then ?? "All right.", give)
        case .heard(let words):
            guard let entry = script.entry(hearing: words) else { return say(script.otherwise, give) }
            say(entry.say, give)
            if let tool = entry.tool, request.tools.contains(where: { $0.name == tool.name }) {
                give(.call(name: tool.name, arguments: tool.arguments))
            }
        }
    }

    /// The few instructions for a single response that a script can follow; others count for nothing.
    private func follow(_ directive: String) -> String? {
        let text = directive.lowercased()
        if text.contains("exactly") { return nil }
        if text.contains("goodbye") { return script.goodbye }
        if text.contains("silent") || text.contains("still there") { return script.silence }
        if text.contains("a moment") { return "One moment, please." }
        return nil
    }

    private func say(_ text: String, _ give: (AnswerPiece) -> Void) {
        var splitter = SentenceSplitter()
        for sentence in splitter.add(text) + splitter.finish() { give(.say(sentence)) }
    }
}
