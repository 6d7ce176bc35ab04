/// Answers from a phrase script.
struct ScriptBrain: AgentBrain {
    let script: PhraseScript

    func answer(
        _ request: AnswerRequest, isCancelled: @escaping @Sendable () -> Bool, give: (AnswerPiece) -> Void
    ) throws(BrainError) {
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

    private func say(_ text: String, _ give: (AnswerPiece) -> Void) {
        var splitter = SentenceSplitter()
        for sentence in splitter.add(text) + splitter.finish() { give(.say(sentence)) }
    }
}
