import Testing

@testable import LocalAgent

@Suite struct `Agent session conversation` {
    private func create(_ text: String, id: String, after previous: String? = nil) -> String {
        let place = previous.map { #""previous_item_id":"\#($0)","# } ?? ""
        return
            #"{"type":"conversation.item.create",\#(place)"item":{"id":"\#(id)","type":"message","role":"user","content":[{"type":"input_text","text":"\#(text)"}]}}"#
    }

    @Test func `keeps items in the order asked for`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(create("one", id: "a"))
        rehearsal.client(create("two", id: "b"))
        rehearsal.client(create("zero", id: "z", after: "root"))
        rehearsal.client(create("half", id: "h", after: "a"))
        #expect(rehearsal.session.items.map(\.id) == ["z", "a", "h", "b"])
        #expect(
            rehearsal.take().of("conversation.item.added").map { $0["previous_item_id"] } == [.null, "a", .null, "a"])
        rehearsal.client(create("again", id: "a"))
        rehearsal.client(create("lost", id: "l", after: "nowhere"))
        #expect(
            rehearsal.take().map { $0["error"]?["code"] } == [
                "item_create_duplicate_item_id", "item_create_invalid_previous_item_id",
            ])
    }

    @Test func `gives items back and forgets them`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(create("one", id: "a"))
        _ = rehearsal.take()
        rehearsal.client(#"{"type":"conversation.item.retrieve","item_id":"a"}"#)
        rehearsal.client(#"{"type":"conversation.item.delete","item_id":"a"}"#)
        rehearsal.client(#"{"type":"conversation.item.delete","item_id":"a"}"#)
        rehearsal.client(#"{"type":"conversation.item.retrieve","item_id":"a"}"#)
        let sent = rehearsal.take()
        #expect(sent[0]["item"]?["content"] == [["type": "input_text", "text": "one"]])
        #expect(sent[1]["type"] == "conversation.item.deleted" && sent[1]["item_id"] == "a")
        #expect(sent[2]["error"]?["code"] == "item_delete_invalid_item_id")
        #expect(sent[3]["error"]?["code"] == "item_retrieve_invalid_item_id")
    }

    @Test(arguments: [
        (
            #"{"type":"message","role":"assistant","content":[{"type":"output_audio","audio":"AAAA"}]}"#,
            "item.content[0].type"
        ),
        (#"{"type":"message","role":"robot","content":[]}"#, "item.role"),
        (#"{"type":"message","role":"user"}"#, "item.content"),
        (#"{"type":"function_call_output","output":"x"}"#, "item.call_id"),
        (#"{"type":"dance"}"#, "item.type"),
    ])
    func `refuses items that nobody can create`(item: String, param: String) throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(#"{"type":"conversation.item.create","item":\#(item)}"#)
        #expect(rehearsal.take().map { $0["error"]?["param"]?.string } == [param])
    }

    @Test func `R7 cuts an answer where the caller stopped hearing it, never beyond its end`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(
            #"{"type":"response.create","response":{"instructions":"Say exactly: one two three four five six"}}"#)
        rehearsal.settle()
        let item = try #require(rehearsal.take().of("response.output_item.done").first?["item"]?["id"]?.string)
        // 27 characters: 1,350 ms.
        func truncate(_ item: String, _ end: Int) -> String {
            #"{"type":"conversation.item.truncate","event_id":"t","item_id":"\#(item)","content_index":0,"audio_end_ms":\#(end)}"#
        }
        rehearsal.client(truncate(item, 1_351))
        let long = try #require(rehearsal.take().first?["error"])
        #expect(long["code"] == "invalid_value" && long["param"] == "audio_end_ms")
        #expect(long["message"] == "Audio content of 1350ms is already shorter than 1351ms")
        rehearsal.client(truncate(item, 700))
        let truncated = rehearsal.take()
        #expect(truncated.first?["type"] == "conversation.item.truncated" && truncated.first?["audio_end_ms"] == 700)
        #expect(rehearsal.session.items.last?.text == "one two three")
        rehearsal.client(#"{"type":"conversation.item.retrieve","item_id":"\#(item)"}"#)
        #expect(rehearsal.take().first?["item"]?["content"]?.array?.first?["transcript"] == .null)
        rehearsal.client(truncate(item, 800))
        rehearsal.client(truncate("item_unknown", 10))
        rehearsal.client(create("mine", id: "u"))
        rehearsal.client(truncate("u", 10))
        let refused = rehearsal.take().of("error").map { $0["error"]?["param"] }
        #expect(refused == ["audio_end_ms", "item_id", "item_id"])
    }

    @Test func `stays bounded whatever a client adds`() throws {
        let rehearsal = try AgentRehearsal.configured()
        for number in 0..<600 { rehearsal.client(create("x", id: "i\(number)")) }
        #expect(rehearsal.session.items.count == AgentSession.maximumItems)
        for _ in 0..<7 {
            rehearsal.client(#"{"type":"response.create","response":{"conversation":"none"}}"#)
        }
        #expect(rehearsal.session.responses.count == 5)
    }
}
