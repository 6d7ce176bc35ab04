import Testing

@testable import LocalAgent

/// What must hold whatever a client does, in any order.
@Suite struct `Agent session properties` {
    private struct Dice {
        var state: UInt64
        mutating func roll(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(count))
        }
    }

    private static let events = [
        #"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":null}}}}"#,
        #"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":5000}}}}}"#,
        #"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcm","rate":24000}}}}}"#,
        #"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcma"}}}}}"#,
        #"{"type":"session.update","session":{"type":"realtime","output_modalities":["text"],"tools":[{"type":"function","name":"end_call"}]}}"#,
        #"{"type":"session.update","session":{"type":"realtime","output_modalities":["audio"],"max_output_tokens":9}}"#,
        #"{"type":"input_audio_buffer.commit"}"#, #"{"type":"input_audio_buffer.clear"}"#,
        #"{"type":"input_audio_buffer.append","audio":"AAE="}"#,
        #"{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"goodbye"}]}}"#,
        #"{"type":"conversation.item.create","item":{"type":"message","role":"system","content":[{"type":"input_text","text":"Say exactly: so be it"}]}}"#,
        #"{"type":"response.create"}"#, #"{"type":"response.create"}"#, #"{"type":"response.cancel"}"#,
        #"{"type":"response.create","response":{"conversation":"none","metadata":{"a":"b"}}}"#,
        #"{"type":"response.create","response":{"instructions":"Say exactly: good day to you all, and thank you"}}"#,
        #"{"type":"nothing"}"#, "{", #"{"type":"session.update","session":{"type":"realtime","audio":7}}"#,
    ]

    @Test(arguments: 0..<60) func `every response begins once, ends once, and is silent after that`(seed: Int) throws {
        var dice = Dice(state: UInt64(seed) &* 0x9E37_79B9 &+ 1)
        let rehearsal = try AgentRehearsal.configured()
        var sent: [JSONValue] = []
        for _ in 0..<60 {
            switch dice.roll(10) {
            case 0...4: rehearsal.client(Self.events[dice.roll(Self.events.count)])
            case 5: rehearsal.caller(String(repeating: dice.roll(2) == 0 ? "S" : ".", count: 1 + dice.roll(40)))
            case 6: rehearsal.doWork()
            case 7: rehearsal.pass(milliseconds: dice.roll(2_000))
            case 8:
                let items = rehearsal.session.items
                guard !items.isEmpty else { break }
                let id = items[dice.roll(items.count)].id
                rehearsal.client(
                    #"{"type":"conversation.item.truncate","item_id":"\#(id)","content_index":0,"audio_end_ms":\#(dice.roll(3_000))}"#
                )
            default:
                // A message with one byte changed.
                var bytes = Array(Self.events[dice.roll(Self.events.count)].utf8)
                bytes[dice.roll(bytes.count)] = UInt8(32 + dice.roll(95))
                rehearsal.client(String(decoding: bytes, as: UTF8.self))
            }
            sent += rehearsal.take()
            #expect(rehearsal.session.responses.filter(\.isInConversation).count <= 1)
        }
        rehearsal.settle()
        sent += rehearsal.take()
        #expect(rehearsal.session.responses.isEmpty)
        check(sent)
    }

    private func check(_ sent: [JSONValue]) {
        #expect(Set(sent.compactMap { $0["event_id"]?.string }).count == sent.count, "every event has an id of its own")
        var open: Set<String> = []
        var ended: Set<String> = []
        var opened: Set<String> = []
        for message in sent {
            let type = message["type"]?.string ?? ""
            switch type {
            case "response.created":
                let id = message["response"]?["id"]?.string ?? ""
                #expect(open.insert(id).inserted && !ended.contains(id))
            case "response.done":
                let id = message["response"]?["id"]?.string ?? ""
                #expect(open.remove(id) != nil && ended.insert(id).inserted)
                let items = message["response"]?["output"]?.array?.compactMap { $0["id"]?.string } ?? []
                #expect(items.allSatisfy(opened.contains))
            case _ where type.hasPrefix("response."):
                #expect(open.contains(message["response_id"]?.string ?? ""), "\(type) outside of its response")
                if type == "response.output_item.added" { opened.insert(message["item"]?["id"]?.string ?? "") }
                if let item = message["item_id"]?.string { #expect(opened.contains(item), "\(type) before its item") }
            case "input_audio_buffer.speech_stopped":
                #expect((message["audio_end_ms"]?.integer ?? -1) >= 0)
            default: break
            }
        }
        #expect(open.isEmpty, "responses that never ended: \(open)")
        #expect(
            sent.of("input_audio_buffer.committed").count
                == Set(sent.of("input_audio_buffer.committed").compactMap { $0["item_id"]?.string }).count)
    }
}
