import AudioPipeline
import Foundation

/// How a response ends.
enum ResponseEnd: Equatable {
    case completed
    case cancelled(reason: String)
    case incomplete(reason: String)
    case failed(BrainError)

    var status: String {
        switch self {
        case .completed: "completed"
        case .cancelled: "cancelled"
        case .incomplete: "incomplete"
        case .failed: "failed"
        }
    }

    var reason: String? {
        switch self {
        case .completed: nil
        case .cancelled(let reason), .incomplete(let reason): reason
        case .failed(let error): error.code
        }
    }

    var details: JSONValue {
        switch self {
        case .completed: .null
        case .cancelled(let reason): ["type": "cancelled", "reason": .string(reason)]
        case .incomplete(let reason): ["type": "incomplete", "reason": .string(reason)]
        case .failed(let error):
            [
                "type": "failed",
                "error": ["type": "server_error", "code": .string(error.code), "message": .string(error.message)],
            ]
        }
    }
}

/// Sending a response: text and sound in step, no faster than the pace.
extension AgentSession {
    /// The longest response, in milliseconds of sound.
    static let maximumSpeechMilliseconds = 240_000

    /// A worker has made more of an answer.
    func receive(_ result: AgentWorkResult, at time: UInt64) {
        guard !isClosed else { return }
        now = time
        switch result {
        case .transcribed(let id, let result): return receive(result, ofTranscription: id, at: time)
        case .sentence(let id, let sentence): change(id) { $0.sentences.append(sentence) }
        case .call(let id, let name, let arguments): change(id) { $0.calls.append((name, arguments)) }
        case .answered(let id, let failure):
            change(id) { ($0.isGenerated, $0.failure) = (true, failure) }
        }
        pumpAll()
    }

    private func change(_ work: Int, _ body: (inout ActiveResponse) -> Void) {
        guard let index = responses.firstIndex(where: { $0.stage == .generating(work: work) }) else { return }
        body(&responses[index])
    }

    /// Sends what is due of every response.
    func pumpAll() {
        for id in responses.map(\.id) {
            if let index = responses.firstIndex(where: { $0.id == id }) { pump(index) }
        }
    }

    private func pump(_ index: Int) {
        while responses[index].sentSentences < responses[index].sentences.count {
            if responses[index].messageID == nil { openMessage(index) }
            guard responses[index].speaks ? sendSound(index) : sendText(index) else { return }
            if responses[index].isExhausted || responses[index].audioMilliseconds >= Self.maximumSpeechMilliseconds {
                return endResponse(at: index, .incomplete(reason: "max_output_tokens"))
            }
        }
        responses[index].due = nil
        guard responses[index].isGenerated else { return }
        if let failure = responses[index].failure { return endResponse(at: index, .failed(failure)) }
        endResponse(at: index, .completed)
    }

    /// - Returns: false when it is too early; `due` tells when.
    private func sendSound(_ index: Int) -> Bool {
        var response = responses[index]
        let first = response.firstAudio ?? now
        let ahead = Double(response.audioMilliseconds) * 1_000_000 / settings.paceFactor
        let due = first + UInt64(ahead)
        guard now >= due else {
            responses[index].due = due
            return false
        }
        response.firstAudio = first
        hasSpoken = true
        let sentence = response.sentences[response.sentSentences]
        let format = response.output.format.audioFormat
        let size = settings.deltaMilliseconds * format.bytesPerMillisecond
        let end = min(response.sentBytes + size, sentence.audio.count)
        // Words go out with the sound they lie in, as evenly as letters are spoken.
        let characters = Array(sentence.text)
        var reach =
            end == sentence.audio.count ? characters.count : characters.count * end / max(1, sentence.audio.count)
        while reach < characters.count, reach > response.sentCharacters, characters[reach] != " " { reach -= 1 }
        let sound = sentence.audio[response.sentBytes..<end]
        let isFirst = response.transcript.isEmpty
        let words = reach > response.sentCharacters ? String(characters[response.sentCharacters..<reach]) : ""
        response.sentCharacters = max(reach, response.sentCharacters)
        response.sentBytes = end
        response.audioBytes += sound.count
        if end == sentence.audio.count {
            (response.sentSentences, response.sentBytes, response.sentCharacters) = (response.sentSentences + 1, 0, 0)
        }
        let startsSentence = !isFirst && words.first.map { $0 != " " } == true
        let delta = startsSentence ? " " + words : words
        response.transcript += delta
        responses[index] = response
        if !delta.isEmpty { part("response.output_audio_transcript.delta", response, ["delta": .string(delta)]) }
        if !sound.isEmpty {
            part("response.output_audio.delta", response, ["delta": .string(Data(sound).base64EncodedString())])
        }
        return true
    }

    private func sendText(_ index: Int) -> Bool {
        let sentence = responses[index].sentences[responses[index].sentSentences]
        let delta = responses[index].transcript.isEmpty ? sentence.text : " " + sentence.text
        responses[index].transcript += delta
        responses[index].sentSentences += 1
        part("response.output_text.delta", responses[index], ["delta": .string(delta)])
        return true
    }

    /// An event about the one content part of the message item.
    private func part(_ type: String, _ response: ActiveResponse, _ members: [String: JSONValue]) {
        send(
            type,
            members.merging([
                "response_id": .string(response.id), "item_id": JSONValue(optional: response.messageID),
                "output_index": 0, "content_index": 0,
            ]) { $1 })
    }

    private func openMessage(_ index: Int) {
        let item = ConversationItem(id: ids.next("item_"), kind: .message(role: "assistant"), status: "in_progress")
        responses[index].messageID = item.id
        let response = responses[index]
        send(
            "response.output_item.added",
            ["response_id": .string(response.id), "output_index": 0, "item": item.json])
        if response.isInConversation { add(item, isDone: false) }
        part(
            "response.content_part.added", response,
            ["part": response.speaks ? ["type": "audio", "transcript": ""] : ["type": "text", "text": ""]])
        observe(.speaking(text: response.sentences.first?.text ?? ""))
    }

    private func closeMessage(_ index: Int, isWhole: Bool) {
        var response = responses[index]
        guard let id = response.messageID else { return }
        let text = JSONValue.string(response.transcript)
        if response.speaks {
            part("response.output_audio.done", response, [:])
            part("response.output_audio_transcript.done", response, ["transcript": text])
        } else {
            part("response.output_text.done", response, ["text": text])
        }
        part(
            "response.content_part.done", response,
            ["part": response.speaks ? ["type": "audio", "transcript": text] : ["type": "text", "text": text]])
        let item = ConversationItem(
            id: id, kind: .message(role: "assistant"), status: isWhole ? "completed" : "incomplete",
            content: [
                response.speaks
                    ? ["type": "output_audio", "transcript": text] : ["type": "output_text", "text": text]
            ],
            text: response.transcript, audioMilliseconds: response.speaks ? response.audioMilliseconds : nil)
        response.outputItems.append(item.json)
        response.outputIndex = 1
        responses[index] = response
        send(
            "response.output_item.done",
            ["response_id": .string(response.id), "output_index": 0, "item": item.json])
        if response.isInConversation { finish(item) }
    }

    private func callFunctions(_ index: Int) {
        for call in responses[index].calls {
            let response = responses[index]
            let callID = ids.next("call_")
            var item = ConversationItem(
                id: ids.next("item_"), kind: .functionCall(name: call.name, arguments: "", callID: callID),
                status: "in_progress")
            let place: [String: JSONValue] = [
                "response_id": .string(response.id), "output_index": JSONValue(response.outputIndex),
            ]
            send("response.output_item.added", place.merging(["item": item.json]) { $1 })
            if response.isInConversation { add(item, isDone: false) }
            let own = place.merging(["item_id": .string(item.id), "call_id": .string(callID)]) { $1 }
            send("response.function_call_arguments.delta", own.merging(["delta": .string(call.arguments)]) { $1 })
            send(
                "response.function_call_arguments.done",
                own.merging(["arguments": .string(call.arguments), "name": .string(call.name)]) { $1 })
            item.kind = .functionCall(name: call.name, arguments: call.arguments, callID: callID)
            item.status = "completed"
            responses[index].outputItems.append(item.json)
            responses[index].outputIndex += 1
            send("response.output_item.done", place.merging(["item": item.json]) { $1 })
            if response.isInConversation { finish(item) }
            observe(.toolCalled(name: call.name, arguments: call.arguments))
        }
    }

    func endResponse(at index: Int, _ end: ResponseEnd) {
        closeMessage(index, isWhole: end == .completed)
        if end == .completed { callFunctions(index) }
        let response = responses.remove(at: index)
        if case .generating(let work) = response.stage, !response.isGenerated { perform(.cancelWork(id: work)) }
        send("response.done", ["response": json(of: response, status: end.status, details: end.details)])
        observe(.responseEnded(status: end.status, reason: end.reason, text: response.transcript))
        if response.isInConversation, let idle = configuration.turnDetection?.idleTimeoutMilliseconds {
            // The caller is still listening to what was sent ahead of time.
            let played = (response.firstAudio ?? now) + UInt64(response.audioMilliseconds) * 1_000_000
            idleDeadline = max(now, played) + UInt64(idle) * 1_000_000
        }
    }
}
