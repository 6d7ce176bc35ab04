/// A chat completions request for one answer.
enum ChatRequest {
    static let manner = """
        You are speaking on the telephone. Answer in one to three short sentences of plain spoken English, without lists, \
        markup or emoji.
        """

    static func json(_ request: AnswerRequest, model: String) -> JSONValue {
        var messages: [JSONValue] = []
        func add(_ speaker: AnswerRequest.Line.Speaker, _ text: String) {
            messages.append(["role": .string(speaker.rawValue), "content": .string(text)])
        }
        add(.system, request.instructions.isEmpty ? manner : request.instructions + "\n\n" + manner)
        for line in request.history { add(line.speaker, line.text) }
        switch request.occasion {
        case .opening: add(.system, "Nobody has spoken yet. Greet the caller.")
        case .silence: add(.system, "The caller is silent. Ask whether they are still there.")
        case .heard(""): add(.system, "The caller said something that could not be understood.")
        case .heard, .toolOutput, .exactly: break
        }
        if let directive = request.directive { add(.system, directive) }
        var members: [String: JSONValue] = [
            "model": .string(model), "messages": .array(messages), "stream": true,
        ]
        if !request.tools.isEmpty {
            members["tools"] = .array(
                request.tools.map {
                    [
                        "type": "function",
                        "function": [
                            "name": .string($0.name), "description": .string($0.description),
                            "parameters": $0.parameters,
                        ],
                    ]
                })
        }
        if let tokens = request.maximumTokens { members["max_completion_tokens"] = JSONValue(tokens) }
        return .object(members)
    }
}
