import AudioPipeline

extension AgentSession {
    func createResponse(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "response")
        guard configuration.kind == .realtime else {
            throw ClientFault("invalid_value", "A transcription session makes no responses.", param: "type")
        }
        let response: ActiveResponse
        if let fields = try event.fields("response") {
            response = try read(fields)
        } else {
            response = defaultResponse(
                .init(instructions: configuration.instructions, tools: configuration.tools))
        }
        if response.isInConversation, let active = responses.first(where: \.isInConversation) {
            throw ClientFault(
                "conversation_already_has_active_response",
                "Conversation already has an active response in progress: \(active.id). Wait until the response is "
                    + "finished before creating a new one.")
        }
        guard responses.count < 5 else {
            throw ClientFault("too_many_responses", "Five responses are in progress; wait until one is done.")
        }
        begin(response)
    }

    func defaultResponse(_ plan: ActiveResponse.Plan) -> ActiveResponse {
        ActiveResponse(
            id: ids.next("resp_"), isInConversation: true, metadata: .null, speaks: configuration.speaks,
            output: SpeechOutput(format: configuration.outputFormat, speed: configuration.speed),
            voice: configuration.voice, maximumTokens: configuration.maximumOutputTokens,
            plan: plan)
    }

    private func read(_ fields: ClientFields) throws(ClientFault) -> ActiveResponse {
        try fields.allow(
            "conversation", "input", "instructions", "output_modalities", "audio", "tools", "tool_choice",
            "max_output_tokens", "metadata", "prompt", "parallel_tool_calls", "reasoning")
        let conversation = try fields.choice("conversation", ["auto", "none"]) ?? "auto"
        let instructions = try fields.string("instructions")
        var output = SpeechOutput(format: configuration.outputFormat, speed: configuration.speed)
        var voice = configuration.voice
        if let audio = try fields.fields("audio") {
            try audio.allow("output")
            if let fields = try audio.fields("output") {
                try fields.allow("format", "voice")
                if let format = try fields.fields("format") { output.format = try .read(format) }
                voice = try SessionConfiguration.voice(fields) ?? voice
            }
        }
        var plan = ActiveResponse.Plan(
            instructions: configuration.instructions, directive: instructions,
            exactly: instructions.flatMap(Self.exactWords),
            tools: try SessionConfiguration.tools(fields) ?? configuration.tools)
        let choice = try SessionConfiguration.toolChoice(fields) ?? configuration.toolChoice
        if choice == "none" { plan.tools = [] }
        if let input = try fields.array("input", maximumCount: 200) { plan.input = try read(input: input, fields) }
        let limit =
            fields.has("max_output_tokens")
            ? try SessionConfiguration.maximumTokens(fields) : configuration.maximumOutputTokens
        return ActiveResponse(
            id: ids.next("resp_"), isInConversation: conversation == "auto", metadata: try metadata(fields),
            speaks: try SessionConfiguration.modalities(fields) ?? configuration.speaks, output: output, voice: voice,
            maximumTokens: limit, plan: plan)
    }

    private func read(input: [JSONValue], _ fields: ClientFields) throws(ClientFault) -> [ConversationItem] {
        var result: [ConversationItem] = []
        for (index, value) in input.enumerated() {
            let item = try ClientFields(value, path: "\(fields.path("input"))[\(index)]")
            if item.members["type"] == "item_reference" {
                let id = try item.required("id")
                guard let known = items.first(where: { $0.id == id }) else {
                    throw ClientFault(
                        "item_reference_invalid_item_id", "No item '\(id)' in the conversation.", param: item.path("id")
                    )
                }
                result.append(known)
            } else {
                result.append(try ConversationItem.read(item) { ids.next("item_") })
            }
        }
        return result
    }

    private func metadata(_ fields: ClientFields) throws(ClientFault) -> JSONValue {
        guard let metadata = try fields.fields("metadata") else { return .null }
        guard metadata.members.count <= 16 else {
            throw ClientFault("invalid_value", "Invalid 'metadata': at most 16 keys.", param: metadata.path)
        }
        for name in metadata.members.keys.sorted() {
            guard name.utf8.count <= 64 else {
                throw ClientFault(
                    "invalid_value", "Invalid 'metadata': keys of at most 64 bytes.", param: metadata.path)
            }
            _ = try metadata.required(name, maximumLength: 512)
        }
        return .object(metadata.members)
    }

    /// The words of instructions like `Say exactly: "..."`; the local agent cannot follow any others by itself.
    static func exactWords(_ instructions: String) -> String? {
        let text = instructions.drop { $0.isWhitespace }
        guard text.lowercased().hasPrefix("say exactly"), let colon = text.firstIndex(of: ":") else { return nil }
        let words = text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for (left, right) in [("\"", "\""), ("\u{201C}", "\u{201D}"), ("'", "'")]
        where words.count > 2 && words.hasPrefix(left) && words.hasSuffix(right) {
            return String(words.dropFirst().dropLast())
        }
        return words.isEmpty ? nil : words
    }

    func cancelResponse(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "response_id")
        let id = try event.string("response_id", maximumLength: 512)
        guard let index = responses.firstIndex(where: { id == nil ? $0.isInConversation : $0.id == id }) else {
            throw ClientFault(
                "response_cancel_not_active", "Cancellation failed: no active response found",
                param: id == nil ? nil : "response_id")
        }
        endResponse(at: index, .cancelled(reason: "client_cancelled"))
    }

    func begin(_ response: ActiveResponse) {
        idleDeadline = nil
        responses.append(response)
        send("response.created", ["response": json(of: response, status: "in_progress")])
        send(
            "rate_limits.updated",
            [
                "rate_limits": [
                    ["name": "requests", "limit": 10_000, "remaining": 9_999, "reset_seconds": 0.006],
                    ["name": "tokens", "limit": 1_000_000, "remaining": 999_000, "reset_seconds": 0.06],
                ]
            ])
        startWaiting()
    }

    /// Starts what waited for a transcript.
    func startWaiting() {
        for index in responses.indices where responses[index].stage == .waiting {
            guard transcriptions.isEmpty || responses[index].plan.exactly != nil else { continue }
            let work = nextWork()
            let response = responses[index]
            responses[index].stage = .generating(work: work)
            perform(
                .work(
                    .answer(id: work, request: request(for: response), output: response.speaks ? response.output : nil))
            )
        }
    }

    private func request(for response: ActiveResponse) -> AnswerRequest {
        let context = response.plan.input ?? items
        var names: [String: String] = [:]
        for item in items { if case .functionCall(let name, _, let call) = item.kind { names[call] = name } }
        let occasion: AnswerRequest.Occasion
        let last = context.last { $0.role != "system" && $0.kind != .other }
        if let exactly = response.plan.exactly
            ?? context.last.flatMap({
                $0.role == "system" ? Self.exactWords($0.text) : nil
            })
        {
            occasion = .exactly(exactly)
        } else if response.plan.isIdle {
            occasion = .silence
        } else {
            switch last?.kind {
            case nil: occasion = .opening
            case .functionOutput(let call, let output):
                occasion = .toolOutput(name: names[call] ?? "", output: output)
            case .message(role: "user"): occasion = .heard(last?.text ?? "")
            default: occasion = .silence
            }
        }
        let history = context.compactMap { item -> AnswerRequest.Line? in
            switch item.kind {
            case .message(let role):
                guard !item.text.isEmpty, let speaker = AnswerRequest.Line.Speaker(rawValue: role) else { return nil }
                return .init(speaker: speaker, text: item.text)
            case .functionOutput(let call, let output):
                return .init(speaker: .system, text: "The function \(names[call] ?? call) returned: \(output)")
            default: return nil
            }
        }
        let tools = response.plan.tools.compactMap { tool -> AnswerRequest.Tool? in
            guard tool["type"] == "function", let name = tool["name"]?.string else { return nil }
            return .init(
                name: name, description: tool["description"]?.string ?? "",
                parameters: tool["parameters"] ?? ["type": "object", "properties": [:]])
        }
        return AnswerRequest(
            occasion: occasion, instructions: response.plan.instructions, directive: response.plan.directive,
            history: history, tools: tools,
            maximumTokens: response.maximumTokens)
    }

    func json(of response: ActiveResponse, status: String, details: JSONValue = .null) -> JSONValue {
        var usage = JSONValue.null
        if status != "in_progress" {
            let output = response.outputTokens
            let input = items.reduce(into: (text: configuration.instructions.utf8.count / 4, audio: 0)) {
                $0.text += $1.text.utf8.count / 4
                $0.audio += $1.role == "user" ? ($1.audioMilliseconds ?? 0) / 100 : 0
            }
            usage = [
                "total_tokens": JSONValue(input.text + input.audio + output.text + output.audio),
                "input_tokens": JSONValue(input.text + input.audio),
                "output_tokens": JSONValue(output.text + output.audio),
                "input_token_details": [
                    "text_tokens": JSONValue(input.text), "audio_tokens": JSONValue(input.audio), "image_tokens": 0,
                    "cached_tokens": 0,
                    "cached_tokens_details": ["text_tokens": 0, "audio_tokens": 0, "image_tokens": 0],
                ],
                "output_token_details": [
                    "text_tokens": JSONValue(output.text), "audio_tokens": JSONValue(output.audio),
                ],
            ]
        }
        return [
            "id": .string(response.id), "object": "realtime.response", "status": .string(status),
            "status_details": details, "output": .array(response.outputItems),
            "conversation_id": response.isInConversation ? .string(conversationID) : .null,
            "metadata": response.metadata, "output_modalities": response.speaks ? ["audio"] : ["text"],
            "audio": ["output": ["format": response.output.format.json, "voice": response.voice]],
            "max_output_tokens": response.maximumTokens.map { JSONValue($0) } ?? "inf", "usage": usage,
        ]
    }
}
