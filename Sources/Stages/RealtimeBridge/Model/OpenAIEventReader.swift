internal import Conversation

/// Turns the members of one server event that is not audio into a `ModelEvent`. A few of them per second and call:
/// strings are made here.
struct OpenAIEventReader {
    let fields: OpenAIFields

    /// Why reading stopped; turned into `.malformed`.
    private struct Refusal: Error {
        let fault: MessageFault
    }

    static func badID(_ field: String) -> MessageFault {
        .invalid(field: field, expected: "1 to \(WireID.capacity) bytes")
    }

    func message(_ text: Span<UInt8>) -> ModelMessage {
        guard let slice = fields.type else { return .malformed(.missing(field: "type")) }
        let type = slice.string(in: text)
        guard let kind = OpenAIEventKind(type: type) else { return .unknown(type: type) }
        do throws(Refusal) {
            return try message(kind, text)
        } catch {
            return .malformed(error.fault)
        }
    }

    private func message(_ kind: OpenAIEventKind, _ text: Span<UInt8>) throws(Refusal) -> ModelMessage {
        switch kind {
        case .sessionCreated:
            let session = try object(fields.sessionObject, "session")
            var id: WireID?
            OpenAIObject.read(text, at: session) { key, scanner in
                if key == "id" { id = scanner.string(text)?.wireID(in: text) } else { scanner.skip(text) }
            }
            return .event(.sessionCreated(session: id))
        case .sessionUpdated:
            return .event(
                .sessionUpdated(OpenAISessionEcho.read(text, at: try object(fields.sessionObject, "session"))))
        case .itemAdded: return .event(try itemAdded(text))
        case .itemDeleted: return .event(.deleted(item: try item(text)))
        case .itemTruncated:
            return .event(
                .truncated(
                    item: try item(text),
                    audioEndMilliseconds: try number(fields.audioEndMilliseconds, "audio_end_ms")))
        case .speechStarted:
            return .event(
                .speechStarted(
                    item: try item(text),
                    audioStartMilliseconds: try number(fields.audioStartMilliseconds, "audio_start_ms")))
        case .speechStopped:
            return .event(
                .speechStopped(
                    item: try item(text),
                    audioEndMilliseconds: try number(fields.audioEndMilliseconds, "audio_end_ms")))
        case .committed: return .event(.committed(item: try item(text), previous: try previousItem(text)))
        case .timeoutTriggered: return .event(.idleTimeout(item: try item(text)))
        case .inputTranscriptDelta:
            return .event(.inputTranscript(item: try item(text), .partial(fields.delta?.string(in: text) ?? "")))
        case .inputTranscriptCompleted:
            guard let transcript = fields.transcript else { throw missing("transcript") }
            return .event(.inputTranscript(item: try item(text), .final(transcript.string(in: text))))
        case .inputTranscriptFailed:
            let error = fields.errorObject.map { Self.error(text, at: $0) } ?? ModelError()
            return .event(
                .inputTranscript(item: try item(text), .failed(code: error.code, message: error.message)))
        case .responseCreated: return .event(.responseCreated(response: try outcome(text).response))
        case .responseDone: return .event(.responseDone(try outcome(text)))
        case .outputItemDone: return try toolCall(text)
        case .outputAudioDelta: throw missing("delta")  // Never: the parser keeps audio to itself.
        case .outputAudioDone: return .event(.outputAudioDone(response: try response(text), item: try item(text)))
        case .outputTranscriptDelta:
            guard let delta = fields.delta else { throw missing("delta") }
            return .event(
                .outputTranscriptDelta(
                    response: try response(text), item: try item(text), text: delta.string(in: text)))
        case .outputTranscriptDone:
            guard let transcript = fields.transcript else { throw missing("transcript") }
            return .event(
                .outputTranscriptDone(
                    response: try response(text), item: try item(text), text: transcript.string(in: text)))
        case .error: return .event(.error(Self.error(text, at: try object(fields.errorObject, "error"))))
        case .ignored(let name): return .ignored(kind: name)
        }
    }

    // MARK: Members

    private func missing(_ field: String) -> Refusal { Refusal(fault: .missing(field: field)) }

    private func id(_ slice: JSONSlice?, _ field: String, _ text: Span<UInt8>) throws(Refusal) -> WireID {
        guard let slice else { throw missing(field) }
        guard let id = slice.wireID(in: text) else { throw Refusal(fault: Self.badID(field)) }
        return id
    }

    private func item(_ text: Span<UInt8>) throws(Refusal) -> WireID { try id(fields.item, "item_id", text) }
    private func response(_ text: Span<UInt8>) throws(Refusal) -> WireID {
        try id(fields.response, "response_id", text)
    }

    private func previousItem(_ text: Span<UInt8>) throws(Refusal) -> WireID? {
        guard let slice = fields.previousItem else { return nil }
        return try id(slice, "previous_item_id", text)
    }

    private func number(_ value: Int64?, _ field: String) throws(Refusal) -> Int64 {
        guard let value else { throw missing(field) }
        guard value >= 0 else { throw Refusal(fault: .invalid(field: field, expected: "0 or more")) }
        return value
    }

    private func object(_ position: Int?, _ field: String) throws(Refusal) -> Int {
        guard let position else { throw missing(field) }
        return position
    }

    // MARK: Objects

    private func itemAdded(_ text: Span<UInt8>) throws(Refusal) -> ModelEvent {
        var itemID: JSONSlice?
        var type = "", role = ""
        OpenAIObject.read(text, at: try object(fields.itemObject, "item")) { key, scanner in
            switch key {
            case "id": itemID = scanner.string(text)
            case "type": type = scanner.string(text)?.string(in: text) ?? ""
            case "role": role = scanner.string(text)?.string(in: text) ?? ""
            default: scanner.skip(text)
            }
        }
        return .itemAdded(
            item: try id(itemID, "item.id", text), role: Self.role(type: type, role: role),
            previous: try previousItem(text))
    }

    private static func role(type: String, role: String) -> ItemRole {
        switch (type, role) {
        case ("function_call", _): .functionCall
        case ("function_call_output", _): .functionOutput
        case (_, "user"): .user
        case (_, "assistant"): .assistant
        case (_, "system"): .system
        default: .other
        }
    }

    /// A finished function call; any other finished item says nothing new.
    private func toolCall(_ text: Span<UInt8>) throws(Refusal) -> ModelMessage {
        var itemID: JSONSlice?, callID: JSONSlice?
        var type = "", name: String?, arguments = ""
        OpenAIObject.read(text, at: try object(fields.itemObject, "item")) { key, scanner in
            switch key {
            case "id": itemID = scanner.string(text)
            case "call_id": callID = scanner.string(text)
            case "type": type = scanner.string(text)?.string(in: text) ?? ""
            case "name": name = scanner.string(text)?.string(in: text)
            case "arguments": arguments = scanner.string(text)?.string(in: text) ?? ""
            default: scanner.skip(text)
            }
        }
        guard type == "function_call" else { return .ignored(kind: "response.output_item.done") }
        guard let name else { throw missing("item.name") }
        return .event(
            .toolCall(
                ToolCall(
                    response: try response(text), item: try id(itemID, "item.id", text),
                    call: try id(callID, "item.call_id", text), name: name, arguments: arguments)))
    }

    private func outcome(_ text: Span<UInt8>) throws(Refusal) -> ResponseOutcome {
        var responseID: JSONSlice?
        var status = "", reason = "", errorCode = ""
        var tokens = OpenAIUsage()
        OpenAIObject.read(text, at: try object(fields.responseObject, "response")) { key, scanner in
            switch key {
            case "id": responseID = scanner.string(text)
            case "status": status = scanner.string(text)?.string(in: text) ?? ""
            case "status_details":
                OpenAIObject.readMembers(text, &scanner) { key, scanner in
                    switch key {
                    case "reason": reason = scanner.string(text)?.string(in: text) ?? ""
                    case "error": errorCode = Self.errorCode(text, &scanner)
                    default: scanner.skip(text)
                    }
                }
            case "usage":
                tokens.read(text, &scanner)
            default: scanner.skip(text)
            }
        }
        return ResponseOutcome(
            response: try id(responseID, "response.id", text), status: Self.status(status), reason: reason,
            errorCode: errorCode, inputTokens: Int(clamping: tokens.input), outputTokens: Int(clamping: tokens.output),
            usage: tokens.ofResponse)
    }

    private static func status(_ name: String) -> ResponseOutcome.Status {
        switch name {
        case "completed": .completed
        case "cancelled", "canceled": .cancelled
        case "failed": .failed
        case "incomplete": .incomplete
        default: .other
        }
    }

    /// `code`, or `type` where the server gave no code.
    private static func errorCode(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> String {
        var code = "", type = ""
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "code": code = scanner.string(text)?.string(in: text) ?? ""
            case "type": type = scanner.string(text)?.string(in: text) ?? ""
            default: scanner.skip(text)
            }
        }
        return code.isEmpty ? type : code
    }

    private static func error(_ text: Span<UInt8>, at position: Int) -> ModelError {
        var error = ModelError()
        OpenAIObject.read(text, at: position) { key, scanner in
            switch key {
            case "type": error.type = scanner.string(text)?.string(in: text) ?? ""
            case "code": error.code = scanner.string(text)?.string(in: text) ?? ""
            case "message": error.message = scanner.string(text)?.string(in: text) ?? ""
            case "param": error.parameter = scanner.string(text)?.string(in: text) ?? ""
            case "event_id": error.eventID = scanner.string(text)?.string(in: text) ?? ""
            default: scanner.skip(text)
            }
        }
        return error
    }
}

/// Walks an object whose text has been checked already, member by member.
enum OpenAIObject {
    /// `body` must read or skip the value behind each key.
    static func read(_ text: Span<UInt8>, at position: Int, _ body: (String, inout JSONScanner) -> Void) {
        var scanner = JSONScanner(at: position)
        readMembers(text, &scanner, body)
    }

    /// The same at the scanner's position; anything but an object is passed over.
    static func readMembers(
        _ text: Span<UInt8>, _ scanner: inout JSONScanner, _ body: (String, inout JSONScanner) -> Void
    ) {
        guard scanner.isObject(text), scanner.beginObject(text) else {
            scanner.skip(text)
            return
        }
        while let key = scanner.nextKey(text) { body(key.string(in: text), &scanner) }
    }
}
