import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Answers from a chat completions endpoint, sentence by sentence as they stream in. What must be said word for word
/// does not go there.
struct ChatBrain: AgentBrain {
    let endpoint: ChatEndpoint

    func answer(
        _ request: AnswerRequest, isCancelled: @escaping @Sendable () -> Bool, give: (AnswerPiece) -> Void
    ) throws(BrainError) {
        if case .exactly(let words) = request.occasion {
            var splitter = SentenceSplitter()
            for sentence in splitter.add(words) + splitter.finish() { give(.say(sentence)) }
            return
        }
        var http = URLRequest(url: endpoint.completions, timeoutInterval: endpoint.timeoutSeconds)
        http.httpMethod = "POST"
        http.setValue("application/json", forHTTPHeaderField: "Content-Type")
        http.setValue("text/event-stream", forHTTPHeaderField: "Accept")
        if let key = endpoint.apiKey { http.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        http.httpBody = Data(ChatRequest.json(request, model: endpoint.model).text.utf8)

        let stream = ChatStream(http, timeoutSeconds: endpoint.timeoutSeconds)
        defer { stream.abandon() }
        var parser = ChatStreamParser()
        var splitter = SentenceSplitter()
        reading: while let bytes = try stream.next(isCancelled: isCancelled) {
            for output in parser.add(bytes) {
                switch output {
                case .text(let text): for sentence in splitter.add(text) { give(.say(sentence)) }
                case .done: break reading
                case .failed(let error):
                    for sentence in splitter.finish() { give(.say(sentence)) }
                    throw error
                }
            }
        }
        guard !isCancelled() else { return }
        for sentence in splitter.finish() { give(.say(sentence)) }
        for call in parser.functionCalls where request.tools.contains(where: { $0.name == call.name }) {
            give(.call(name: call.name, arguments: call.arguments))
        }
    }
}
