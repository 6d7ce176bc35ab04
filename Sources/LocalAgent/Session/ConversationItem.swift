/// One item of the conversation. The sound itself is not kept, only its length.
struct ConversationItem: Equatable {
    enum Kind: Equatable {
        case message(role: String)
        case functionCall(name: String, arguments: String, callID: String)
        case functionOutput(callID: String, output: String)
        /// Kept and echoed, without effect.
        case other
    }

    let id: String
    var kind: Kind
    /// completed, incomplete or in_progress.
    var status = "completed"
    /// As the protocol writes `content`.
    var content: [JSONValue] = []
    /// What of it counts in the history: the transcript, cut where the caller stopped hearing it.
    var text = ""
    var audioMilliseconds: Int?
    /// Of kinds without effect.
    var original: JSONValue = .null

    var role: String? { if case .message(let role) = kind { role } else { nil } }

    var json: JSONValue {
        var members: [String: JSONValue] = ["id": .string(id), "object": "realtime.item", "status": .string(status)]
        switch kind {
        case .message(let role):
            members["type"] = "message"
            members["role"] = .string(role)
            members["content"] = .array(content)
        case .functionCall(let name, let arguments, let callID):
            members["type"] = "function_call"
            members["name"] = .string(name)
            members["arguments"] = .string(arguments)
            members["call_id"] = .string(callID)
        case .functionOutput(let callID, let output):
            members["type"] = "function_call_output"
            members["call_id"] = .string(callID)
            members["output"] = .string(output)
        case .other:
            members.merge(original.object ?? [:]) { own, _ in own }
        }
        return .object(members)
    }

    /// An item as a client creates it.
    static func read(_ fields: ClientFields, newID: () -> String) throws(ClientFault) -> ConversationItem {
        let type = try fields.required("type")
        let id = try fields.string("id", maximumLength: 64) ?? newID()
        switch type {
        case "message":
            try fields.allow("type", "id", "object", "status", "role", "content")
            guard let role = try fields.choice("role", ["user", "assistant", "system"]) else {
                throw .missing(fields.path("role"))
            }
            guard let content = try fields.array("content", maximumCount: 64) else {
                throw .missing(fields.path("content"))
            }
            var item = ConversationItem(id: id, kind: .message(role: role), content: content)
            var texts: [String] = []
            for (index, part) in content.enumerated() {
                let part = try ClientFields(part, path: "\(fields.path("content"))[\(index)]")
                let supported =
                    switch role {
                    case "user": ["input_text", "input_audio", "input_image"]
                    case "assistant": ["output_text"]
                    default: ["input_text"]
                    }
                let kind = try part.required("type")
                guard supported.contains(kind) else { throw .value(part.path("type"), kind, supported: supported) }
                switch kind {
                case "input_audio":
                    if let transcript = try part.string("transcript") { texts.append(transcript) }
                    item.content[index] = ["type": "input_audio", "transcript": part.members["transcript"] ?? .null]
                case "input_image": _ = try part.required("image_url", maximumLength: 16 << 20)
                default: texts.append(try part.required("text"))
                }
            }
            item.text = texts.joined(separator: " ")
            return item
        case "function_call_output":
            try fields.allow("type", "id", "object", "status", "call_id", "output")
            let callID = try fields.required("call_id", maximumLength: 128)
            return ConversationItem(
                id: id, kind: .functionOutput(callID: callID, output: try fields.required("output")))
        case "function_call":
            try fields.allow("type", "id", "object", "status", "call_id", "name", "arguments")
            return ConversationItem(
                id: id,
                kind: .functionCall(
                    name: try fields.required("name", maximumLength: 64), arguments: try fields.required("arguments"),
                    callID: try fields.string("call_id", maximumLength: 128) ?? newID()))
        case "mcp_approval_response":
            return ConversationItem(id: id, kind: .other, original: .object(fields.members))
        default:
            throw .value(
                fields.path("type"), type,
                supported: ["message", "function_call", "function_call_output", "mcp_approval_response"])
        }
    }
}
