extension AgentSession {
    /// - Parameter index: where; the end when nil.
    func add(_ item: ConversationItem, at index: Int? = nil, isDone: Bool = true) {
        let index = index ?? items.count
        let previous = JSONValue(optional: index > 0 ? items[index - 1].id : nil)
        items.insert(item, at: index)
        if items.count > Self.maximumItems { items.removeFirst() }
        send("conversation.item.added", ["item": item.json, "previous_item_id": previous])
        if isDone { send("conversation.item.done", ["item": item.json, "previous_item_id": previous]) }
    }

    /// An item that was added when its making began has its final form.
    func finish(_ item: ConversationItem) {
        guard let index = items.firstIndex(where: { $0.id == item.id }) else { return }
        items[index] = item
        send(
            "conversation.item.done",
            [
                "item": item.json,
                "previous_item_id": JSONValue(optional: index > 0 ? items[index - 1].id : nil),
            ])
    }

    func createItem(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "previous_item_id", "item")
        guard let fields = try event.fields("item") else { throw .missing("item") }
        let item = try ConversationItem.read(fields) { ids.next("item_") }
        guard !items.contains(where: { $0.id == item.id }) else {
            throw ClientFault(
                "item_create_duplicate_item_id",
                "Error adding item: an item with the id '\(item.id)' already exists in the conversation.",
                param: "item.id")
        }
        if case .functionOutput(let callID, _) = item.kind {
            let isKnown = items.contains {
                if case .functionCall(_, _, callID) = $0.kind { true } else { false }
            }
            guard isKnown else {
                throw ClientFault(
                    "invalid_tool_call_id", "Tool call ID '\(callID)' not found in conversation.", param: "item.call_id"
                )
            }
        }
        var place: Int?
        if let previous = try event.string("previous_item_id") {
            if previous == "root" {
                place = 0
            } else {
                guard let index = items.firstIndex(where: { $0.id == previous }) else {
                    throw ClientFault(
                        "item_create_invalid_previous_item_id",
                        "Error adding item: the previous item with id '\(previous)' does not exist.",
                        param: "previous_item_id")
                }
                place = index + 1
            }
        }
        add(item, at: place)
    }

    private func index(_ event: ClientFields, doing what: String) throws(ClientFault) -> Int {
        let id = try event.required("item_id", maximumLength: 512)
        guard let index = items.firstIndex(where: { $0.id == id }) else {
            throw ClientFault(
                "item_\(what)_invalid_item_id", "Error with item_id '\(id)': no such item in the conversation.",
                param: "item_id")
        }
        return index
    }

    func retrieveItem(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "item_id")
        send("conversation.item.retrieved", ["item": items[try index(event, doing: "retrieve")].json])
    }

    func deleteItem(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "item_id")
        let item = items.remove(at: try index(event, doing: "delete"))
        send("conversation.item.deleted", ["item_id": .string(item.id)])
    }

    /// The client tells how much of an answer the caller heard; the transcript goes with the rest.
    func truncateItem(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "item_id", "content_index", "audio_end_ms")
        let index = try index(event, doing: "truncate")
        guard let end = try event.integer("audio_end_ms", 0...86_400_000) else { throw .missing("audio_end_ms") }
        guard let part = try event.integer("content_index", 0...1_000_000) else { throw .missing("content_index") }
        let item = items[index]
        guard item.role == "assistant", let length = audioMilliseconds(of: item) else {
            throw ClientFault(
                "invalid_value", "Only model output audio messages can be truncated.", param: "item_id")
        }
        guard part == 0 else { throw .value("content_index", "\(part)", supported: ["0"]) }
        guard end <= length else {
            throw ClientFault(
                "invalid_value", "Audio content of \(length)ms is already shorter than \(end)ms", param: "audio_end_ms")
        }
        if item.status != "in_progress" {
            items[index].audioMilliseconds = end
            items[index].content = [["type": "output_audio", "transcript": nil]]
            let words = item.text.split(separator: " ")
            items[index].text = words.prefix(length == 0 ? 0 : words.count * end / length).joined(separator: " ")
        }
        send(
            "conversation.item.truncated",
            ["item_id": .string(item.id), "content_index": 0, "audio_end_ms": JSONValue(end)])
        observe(.truncated(item: item.id, milliseconds: end))
    }

    /// Also of an item still being spoken.
    private func audioMilliseconds(of item: ConversationItem) -> Int? {
        responses.first { $0.messageID == item.id && $0.speaks }?.audioMilliseconds ?? item.audioMilliseconds
    }
}
