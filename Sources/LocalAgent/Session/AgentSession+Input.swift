import AudioPipeline
import Foundation
import SpeechToText

extension AgentSession {
    func appendAudio(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "audio")
        guard let text = try event.string("audio", maximumLength: Self.maximumAppendBytes * 4 / 3 + 4) else {
            throw .missing("audio")
        }
        guard let data = Data(base64Encoded: text) else {
            throw ClientFault("invalid_value", "Invalid 'audio': expected base64-encoded audio.", param: "audio")
        }
        guard data.count <= Self.maximumAppendBytes else {
            throw ClientFault(
                "input_audio_too_large", "Invalid 'audio': at most 15 MiB at once, got \(data.count) bytes.",
                param: "audio")
        }
        var edges: [InputAudio.Edge] = []
        guard input.append([UInt8](data), edges: &edges) else {
            throw ClientFault(
                "input_audio_buffer_full",
                "The input audio buffer holds \(InputAudio.maximumSeconds) seconds. Commit or clear it first.",
                param: "audio")
        }
        for edge in edges {
            switch edge {
            case .started(let milliseconds): speechStarted(milliseconds)
            case .stopped(let milliseconds, let utterance): speechStopped(milliseconds, utterance)
            }
        }
    }

    func commitAudio(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id")
        guard input.keptMilliseconds >= 100 else {
            throw ClientFault(
                "input_audio_buffer_commit_empty",
                "Error committing input audio buffer: expected at least 100 ms of audio, but it holds "
                    + "\(input.keptMilliseconds) ms.")
        }
        let item = speakingItem ?? (ids.next("item_"), input.milliseconds - input.keptMilliseconds)
        speakingItem = nil
        commit(item: item, end: input.milliseconds, utterance: input.take())
    }

    func clearAudio(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id")
        input.clear()
        speakingItem = nil
        send("input_audio_buffer.cleared")
    }

    private func speechStarted(_ milliseconds: Int) {
        idleDeadline = nil
        let item = ids.next("item_")
        speakingItem = (item, milliseconds)
        send(
            "input_audio_buffer.speech_started", ["item_id": .string(item), "audio_start_ms": JSONValue(milliseconds)])
        if configuration.turnDetection?.interruptResponse == true,
            let index = responses.firstIndex(where: \.isInConversation)
        {
            endResponse(at: index, .cancelled(reason: "turn_detected"))
        }
    }

    private func speechStopped(_ milliseconds: Int, _ utterance: [Int16]) {
        let item = speakingItem ?? (ids.next("item_"), milliseconds)
        speakingItem = nil
        send(
            "input_audio_buffer.speech_stopped", ["item_id": .string(item.id), "audio_end_ms": JSONValue(milliseconds)])
        commit(item: item, end: milliseconds, utterance: utterance)
        if configuration.kind == .realtime, configuration.turnDetection?.createResponse == true,
            !responses.contains(where: \.isInConversation)
        {
            begin(defaultResponse(.init(instructions: configuration.instructions, tools: configuration.tools)))
        }
    }

    private func commit(item: (id: String, startMilliseconds: Int), end: Int, utterance: [Int16]) {
        send(
            "input_audio_buffer.committed",
            ["item_id": .string(item.id), "previous_item_id": JSONValue(optional: items.last?.id)])
        let milliseconds = utterance.count * 1_000 / input.format.sampleRateHz
        add(
            ConversationItem(
                id: item.id, kind: .message(role: "user"), content: [["type": "input_audio", "transcript": nil]],
                audioMilliseconds: milliseconds))
        let work = nextWork()
        transcriptions[work] = (item.id, item.startMilliseconds, end)
        perform(.work(.transcribe(id: work, samples: utterance, sampleRateHz: input.format.sampleRateHz)))
    }

    /// A worker has heard an utterance.
    func receive(_ result: Result<Transcript, RecognitionError>, ofTranscription work: Int, at time: UInt64) {
        guard !isClosed, let (item, start, end) = transcriptions.removeValue(forKey: work) else { return }
        now = time
        let wanted = configuration.transcription != .null
        let place: [String: JSONValue] = ["item_id": .string(item), "content_index": 0]
        switch result {
        case .success(let transcript):
            observe(
                .heard(
                    text: transcript.text, confidence: transcript.confidence, startMilliseconds: start,
                    endMilliseconds: end))
            if let index = items.firstIndex(where: { $0.id == item }) {
                items[index].text = transcript.text
                items[index].content = [["type": "input_audio", "transcript": .string(transcript.text)]]
            }
            guard wanted else { break }
            for (index, word) in transcript.text.split(separator: " ").enumerated() {
                send(
                    "conversation.item.input_audio_transcription.delta",
                    place.merging(["delta": .string(index == 0 ? String(word) : " " + word)]) { $1 })
            }
            let seconds = Double(end - start) / 1_000
            send(
                "conversation.item.input_audio_transcription.completed",
                place.merging([
                    "transcript": .string(transcript.text), "usage": ["type": "duration", "seconds": .number(seconds)],
                ]) { $1 })
        case .failure(let error):
            observe(.hearingFailed(reason: error.message))
            guard wanted else { break }
            send(
                "conversation.item.input_audio_transcription.failed",
                place.merging([
                    "error": [
                        "type": "server_error", "code": "transcription_failed", "message": .string(error.message),
                        "param": nil,
                    ]
                ]) { $1 })
        }
        startWaiting()
    }

    /// Nobody said anything for as long as the session allows.
    func callerIsIdle() {
        guard !responses.contains(where: \.isInConversation), !input.isInSpeech else { return }
        let item = ids.next("item_")
        let end = input.milliseconds
        let start = max(0, end - (configuration.turnDetection?.idleTimeoutMilliseconds ?? 0))
        send(
            "input_audio_buffer.timeout_triggered",
            ["item_id": .string(item), "audio_start_ms": JSONValue(start), "audio_end_ms": JSONValue(end)])
        send(
            "input_audio_buffer.committed",
            ["item_id": .string(item), "previous_item_id": JSONValue(optional: items.last?.id)])
        add(
            ConversationItem(
                id: item, kind: .message(role: "user"), content: [["type": "input_audio", "transcript": nil]],
                audioMilliseconds: end - start))
        begin(
            defaultResponse(
                .init(instructions: configuration.instructions, tools: configuration.tools, isIdle: true)))
    }
}
