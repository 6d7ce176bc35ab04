import Conversation
import Foundation
import Testing

@testable import RealtimeBridge

@Suite struct `OpenAI Realtime parser` {
    private func parse(_ text: String) -> ModelMessage {
        var parser = OpenAIRealtimeParser()
        let text = bytes(text)
        return parser.parse(text.span)
    }

    private func audio(_ parser: borrowing OpenAIRealtimeParser) -> [UInt8] {
        var result: [UInt8] = []
        parser.withAudio { for index in 0..<$0.count { result.append($0[index]) } }
        return result
    }

    private static let pcm = (0..<4_801).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 7) }

    private static func delta(_ generator: inout SeededGenerator, type: String, length: Int) -> String {
        object(
            [
                ("type", "\"\(type)\""), ("event_id", #""event_1""#), ("response_id", #""resp_1""#),
                ("item_id", #""item_1""#), ("output_index", "0"), ("content_index", "2"),
                ("delta", "\"\(Data(pcm[0..<length]).base64EncodedString())\""),
                ("obfuscation", #"{"type":"error","delta":[1,"x"]}"#),
            ], &generator)
    }

    @Test(arguments: ["response.output_audio.delta", "response.audio.delta"])
    func `reads audio wherever its type stands, under both names`(type: String) {
        var generator = SeededGenerator(seed: 21)
        var parser = OpenAIRealtimeParser(expectedAudioBytes: 100)
        for _ in 0..<300 {
            let length = Int.random(in: 0...Self.pcm.count, using: &generator)
            let text = bytes(Self.delta(&generator, type: type, length: length))
            let expected = ModelAudio(response: "resp_1", item: "item_1", contentIndex: 2, byteCount: length)
            #expect(parser.parse(text.span) == .audio(expected))
            #expect(audio(parser) == Array(Self.pcm[0..<length]))
        }
    }

    /// Every server event of the protocol: what it becomes.
    private static let events: [(String, ModelMessage)] = [
        (
            #"{"type":"session.created","event_id":"e","session":{"id":"sess_1","object":"realtime.session"}}"#,
            .event(.sessionCreated(session: "sess_1"))
        ),
        (#"{"type":"session.created","session":{}}"#, .event(.sessionCreated(session: nil))),
        (
            #"""
            {"type":"session.updated","session":{"type":"realtime","id":"sess_1","expires_at":1756324832,"audio":{"input":
            {"format":{"type":"audio/pcmu"},"transcription":{"model":"m","language":"he"},"noise_reduction":null,
            "turn_detection":{"type":"server_vad","threshold":0.5,"create_response":false,"interrupt_response":false}},
            "output":{"format":{"type":"audio/pcm","rate":24000},"voice":"marin"}},"tools":[]}}
            """#,
            .event(
                .sessionUpdated(
                    SessionEcho(
                        inputFormat: "audio/pcmu", outputFormat: "audio/pcm", outputRateHz: 24_000,
                        turnDetection: "server_vad", createResponse: false, interruptResponse: false, language: "he",
                        expiresAtUnixSeconds: 1_756_324_832)))
        ),
        (
            #"{"type":"session.updated","session":{"audio":{"input":{"turn_detection":null,"transcription":null}}}}"#,
            .event(.sessionUpdated(SessionEcho(inputFormat: "", outputFormat: "")))
        ),
        (
            #"""
            {"type":"session.updated","session":{"input_audio_format":"g711_ulaw","output_audio_format":"pcm16",
            "turn_detection":{"type":"semantic_vad","create_response":true},"input_audio_transcription":{"language":"en"}}}
            """#,
            .event(
                .sessionUpdated(
                    SessionEcho(
                        inputFormat: "audio/pcmu", outputFormat: "audio/pcm", outputRateHz: 24_000,
                        turnDetection: "semantic_vad", createResponse: true, language: "en")))
        ),
        (
            #"{"type":"conversation.item.added","previous_item_id":"item_0","item":{"id":"item_1","type":"message","role":"user","content":[{"type":"input_audio"}]}}"#,
            .event(.itemAdded(item: "item_1", role: .user, previous: "item_0"))
        ),
        (
            #"{"item":{"role":"assistant","id":"item_1"},"previous_item_id":null,"type":"conversation.item.created"}"#,
            .event(.itemAdded(item: "item_1", role: .assistant, previous: nil))
        ),
        (
            #"{"type":"conversation.item.added","item":{"id":"i","type":"function_call","name":"f"}}"#,
            .event(.itemAdded(item: "i", role: .functionCall, previous: nil))
        ),
        (
            #"{"type":"conversation.item.added","item":{"id":"i","type":"function_call_output"}}"#,
            .event(.itemAdded(item: "i", role: .functionOutput, previous: nil))
        ),
        (
            #"{"type":"conversation.item.added","item":{"id":"i","type":"message","role":"system"}}"#,
            .event(.itemAdded(item: "i", role: .system, previous: nil))
        ),
        (
            #"{"type":"conversation.item.added","item":{"id":"i","type":"mcp_call"}}"#,
            .event(.itemAdded(item: "i", role: .other, previous: nil))
        ),
        (#"{"type":"conversation.item.deleted","item_id":"i"}"#, .event(.deleted(item: "i"))),
        (
            #"{"type":"conversation.item.truncated","item_id":"i","content_index":0,"audio_end_ms":1500}"#,
            .event(.truncated(item: "i", audioEndMilliseconds: 1_500))
        ),
        (
            #"{"type":"input_audio_buffer.speech_started","item_id":"i","audio_start_ms":640}"#,
            .event(.speechStarted(item: "i", audioStartMilliseconds: 640))
        ),
        (
            #"{"type":"input_audio_buffer.speech_stopped","item_id":"i","audio_end_ms":2304}"#,
            .event(.speechStopped(item: "i", audioEndMilliseconds: 2_304))
        ),
        (
            #"{"type":"input_audio_buffer.committed","item_id":"i","previous_item_id":null}"#,
            .event(.committed(item: "i", previous: nil))
        ),
        (
            #"{"type":"input_audio_buffer.timeout_triggered","item_id":"i","audio_start_ms":1,"audio_end_ms":2}"#,
            .event(.idleTimeout(item: "i"))
        ),
        (
            #"{"type":"conversation.item.input_audio_transcription.delta","item_id":"i","content_index":0,"delta":"he"}"#,
            .event(.inputTranscript(item: "i", .partial("he")))
        ),
        (
            #"{"type":"conversation.item.input_audio_transcription.completed","item_id":"i","transcript":"\u05e9\u05dc\u05d5\u05dd \"x\"","usage":{"type":"duration","seconds":3}}"#,
            .event(.inputTranscript(item: "i", .final("שלום \"x\"")))
        ),
        (
            #"{"type":"conversation.item.input_audio_transcription.failed","item_id":"i","error":{"type":"t","code":"c","message":"m","param":null}}"#,
            .event(.inputTranscript(item: "i", .failed(code: "c", message: "m")))
        ),
        (
            #"{"type":"response.created","response":{"id":"resp_1","status":"in_progress","output":[]}}"#,
            .event(.responseCreated(response: "resp_1"))
        ),
        (
            #"""
            {"type":"response.done","response":{"id":"resp_1","status":"cancelled","status_details":{"type":"cancelled",
            "reason":"turn_detected"},"output":[{"id":"item_9"}],"usage":{"total_tokens":9,"input_tokens":4,"output_tokens":5}}}
            """#,
            .event(
                .responseDone(
                    ResponseOutcome(
                        response: "resp_1", status: .cancelled, reason: "turn_detected", inputTokens: 4,
                        outputTokens: 5, usage: usage([.inputText: 4, .outputText: 5]))))
        ),
        (
            #"""
            {"type":"response.done","response":{"status":"failed","status_details":{"error":{"type":"server_error",
            "code":"rate_limit_exceeded","message":"m"}},"usage":null,"id":"resp_1"}}
            """#,
            .event(
                .responseDone(ResponseOutcome(response: "resp_1", status: .failed, errorCode: "rate_limit_exceeded")))
        ),
        (
            #"{"type":"response.done","response":{"id":"r","status":"failed","status_details":{"error":{"type":"server_error","code":null}}}}"#,
            .event(.responseDone(ResponseOutcome(response: "r", status: .failed, errorCode: "server_error")))
        ),
        (
            #"{"type":"response.done","response":{"id":"r","status":"incomplete","status_details":{"reason":"content_filter"}}}"#,
            .event(.responseDone(ResponseOutcome(response: "r", status: .incomplete, reason: "content_filter")))
        ),
        (
            #"{"type":"response.done","response":{"id":"r","status":"completed","status_details":null}}"#,
            .event(.responseDone(ResponseOutcome(response: "r", status: .completed)))
        ),
        (
            #"{"type":"response.done","response":{"id":"r","status":"new"}}"#,
            .event(.responseDone(ResponseOutcome(response: "r", status: .other)))
        ),
        (
            #"""
            {"type":"response.output_item.done","response_id":"r","output_index":1,"item":{"id":"i","type":"function_call",
            "status":"completed","call_id":"call_1","name":"book","arguments":"{\"day\":\"\\u05d0\"}"}}
            """#,
            .event(
                .toolCall(
                    ToolCall(response: "r", item: "i", call: "call_1", name: "book", arguments: #"{"day":"\u05d0"}"#)))
        ),
        (
            #"{"type":"response.output_item.done","response_id":"r","item":{"id":"i","type":"message","role":"assistant"}}"#,
            .ignored(kind: "response.output_item.done")
        ),
        (
            #"{"type":"response.output_audio.done","response_id":"r","item_id":"i","output_index":0,"content_index":0}"#,
            .event(.outputAudioDone(response: "r", item: "i"))
        ),
        (
            #"{"type":"response.audio.done","response_id":"r","item_id":"i"}"#,
            .event(.outputAudioDone(response: "r", item: "i"))
        ),
        (
            #"{"type":"response.output_audio_transcript.delta","response_id":"r","item_id":"i","delta":"a\nb"}"#,
            .event(.outputTranscriptDelta(response: "r", item: "i", text: "a\nb"))
        ),
        (
            #"{"delta":"x","type":"response.audio_transcript.delta","response_id":"r","item_id":"i"}"#,
            .event(.outputTranscriptDelta(response: "r", item: "i", text: "x"))
        ),
        (
            #"{"type":"response.output_audio_transcript.done","response_id":"r","item_id":"i","transcript":"ab"}"#,
            .event(.outputTranscriptDone(response: "r", item: "i", text: "ab"))
        ),
        (
            #"{"type":"response.audio_transcript.done","response_id":"r","item_id":"i","transcript":""}"#,
            .event(.outputTranscriptDone(response: "r", item: "i", text: ""))
        ),
        (
            #"{"type":"error","event_id":"e","error":{"type":"invalid_request_error","code":"bad","message":"no","param":"session.x","event_id":"configure-1"}}"#,
            .event(
                .error(
                    ModelError(
                        type: "invalid_request_error", code: "bad", message: "no", parameter: "session.x",
                        eventID: "configure-1")))
        ),
        (#"{"type":"error","error":{"message":"no","code":null}}"#, .event(.error(ModelError(message: "no")))),
    ]

    @Test func `turns every server event into its own words`() {
        for (text, expected) in Self.events { #expect(parse(text) == expected, "\(text)") }
    }

    @Test func `ignores by name what a call does not act on, and nothing else`() {
        for type in OpenAIEventKind.ignoredTypes {
            #expect(parse(#"{"type":"\#(type)","item":{"id":"x"}}"#) == .ignored(kind: type))
        }
        #expect(
            parse(#"{"type":"response.telepathy.delta","delta":"AAAA"}"#) == .unknown(type: "response.telepathy.delta"))
    }

    /// The names of all server events, as the protocol lists them: today's, then the beta's where they differ.
    private static let names = """
        session.created session.updated
        conversation.item.added conversation.item.created conversation.item.done conversation.item.retrieved
        conversation.item.deleted conversation.item.truncated
        input_audio_buffer.speech_started input_audio_buffer.speech_stopped input_audio_buffer.committed
        input_audio_buffer.cleared input_audio_buffer.timeout_triggered input_audio_buffer.dtmf_event_received
        conversation.item.input_audio_transcription.delta conversation.item.input_audio_transcription.completed
        conversation.item.input_audio_transcription.failed conversation.item.input_audio_transcription.segment
        response.created response.done response.output_item.added response.output_item.done
        response.content_part.added response.content_part.done
        response.output_audio.delta response.output_audio.done response.audio.delta response.audio.done
        response.output_audio_transcript.delta response.output_audio_transcript.done
        response.audio_transcript.delta response.audio_transcript.done
        response.output_text.delta response.output_text.done response.text.delta response.text.done
        response.function_call_arguments.delta response.function_call_arguments.done
        response.mcp_call_arguments.delta response.mcp_call_arguments.done
        response.mcp_call.in_progress response.mcp_call.completed response.mcp_call.failed
        mcp_list_tools.in_progress mcp_list_tools.completed mcp_list_tools.failed
        rate_limits.updated output_audio_buffer.started output_audio_buffer.stopped output_audio_buffer.cleared
        error conversation.created transcription_session.created transcription_session.updated
        """

    @Test func `knows every event of the protocol and has an example of each that it acts on`() {
        let names = Set(Self.names.split { $0 == " " || $0 == "\n" }.map(String.init))
        let examples = Set(Self.events.compactMap { Self.type($0.0) })
            .union(["response.output_audio.delta", "response.audio.delta"])
        let ignored = Set(OpenAIEventKind.ignoredTypes)
        #expect(examples.union(ignored) == names)
        #expect(examples.isDisjoint(with: ignored))
        for name in names { #expect(OpenAIEventKind(type: name) != nil, "\(name)") }
    }

    private static func type(_ text: String) -> String? {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)?["type"] as? String
    }

    @Test(arguments: [
        (
            #"{"type":"response.output_audio.delta","response_id":"r","item_id":"i"}"#,
            MessageFault.missing(field: "delta")
        ),
        (#"{"type":"response.output_audio.delta","response_id":"r","delta":"AAAA"}"#, .missing(field: "item_id")),
        (#"{"type":"response.output_audio.delta","item_id":"i","delta":"AAAA"}"#, .missing(field: "response_id")),
        (
            #"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"AAA"}"#,
            .badBase64(field: "delta")
        ),
        (
            #"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":7}"#,
            .missing(field: "delta")
        ),
        (
            #"{"delta":"A*AA","type":"response.audio.delta","response_id":"r","item_id":"i"}"#,
            .badBase64(field: "delta")
        ),
        (#"{"type":"input_audio_buffer.speech_started","audio_start_ms":1}"#, .missing(field: "item_id")),
        (#"{"type":"input_audio_buffer.speech_started","item_id":"i"}"#, .missing(field: "audio_start_ms")),
        (
            #"{"type":"input_audio_buffer.speech_started","item_id":"i","audio_start_ms":-1}"#,
            .invalid(field: "audio_start_ms", expected: "0 or more")
        ),
        (#"{"type":"response.done"}"#, .missing(field: "response")),
        (#"{"type":"response.done","response":{}}"#, .missing(field: "response.id")),
        (#"{"type":"session.updated","session":[]}"#, .missing(field: "session")),
        (#"{"type":"error"}"#, .missing(field: "error")),
        (
            #"{"type":"response.output_item.done","response_id":"r","item":{"id":"i","call_id":"c","type":"function_call"}}"#,
            .missing(field: "item.name")
        ),
        (#"{"type":7}"#, .missing(field: "type")), ("{}", .missing(field: "type")),
        ("[1]", .json(.expectedObject, offset: 0)),
        ("null", .json(.expectedObject, offset: 0)), ("", .json(.unexpectedEnd, offset: 0)),
    ])
    func `says what is wrong with a message`(text: String, fault: MessageFault) {
        #expect(parse(text) == .malformed(fault))
    }

    @Test func `an identifier longer than 63 bytes is refused, not cut`() {
        let long = String(repeating: "x", count: 64)
        #expect(
            parse(#"{"type":"response.output_audio.delta","response_id":"\#(long)","item_id":"i","delta":""}"#)
                == .malformed(.invalid(field: "response_id", expected: "1 to 63 bytes")))
        #expect(
            parse(#"{"type":"conversation.item.deleted","item_id":"\#(long)"}"#)
                == .malformed(.invalid(field: "item_id", expected: "1 to 63 bytes")))
        #expect(
            parse(#"{"type":"conversation.item.deleted","item_id":""}"#)
                == .malformed(.invalid(field: "item_id", expected: "1 to 63 bytes")))
    }

    @Test func `S60 a message beyond the bound, a binary one and invalid JSON are each refused by name`() {
        var parser = OpenAIRealtimeParser(maximumMessageBytes: 2 * 1024 * 1024)
        let large = [UInt8](repeating: UInt8(ascii: " "), count: 2 * 1024 * 1024 + 1)
        #expect(parser.parse(large.span) == .malformed(.tooLong(limitBytes: 2 * 1024 * 1024)))
        #expect(parser.parse(bytes("{}").span, isText: false) == .malformed(.binary))
        #expect(parser.parse(bytes(#"{"type":"error",}"#).span) == .malformed(.json(.expectedKey, offset: 16)))
    }

    @Test func `S60 a delta of nearly 2 MiB is decoded whole`() {
        let data = [UInt8](repeating: 0x5A, count: 1_500_000)
        var parser = OpenAIRealtimeParser()
        let text = bytes(
            #"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"\#(Data(data).base64EncodedString())"}"#
        )
        #expect(parser.parse(text.span) == .audio(ModelAudio(response: "r", item: "i", byteCount: data.count)))
        #expect(audio(parser) == data)
    }

    @Test func `every beginning of every message is malformed and never a crash`() {
        var parser = OpenAIRealtimeParser()
        var generator = SeededGenerator(seed: 31)
        var texts = Self.events.map(\.0)
        for _ in 0..<10 { texts.append(Self.delta(&generator, type: "response.output_audio.delta", length: 160)) }
        for text in texts {
            let text = bytes(text)
            for length in 0..<text.count {
                let message = parser.parse(text.span.extracting(0..<length))
                guard case .malformed(.json) = message else {
                    Issue.record("\(length) bytes of \(String(decoding: text, as: UTF8.self)): \(message)")
                    return
                }
            }
        }
    }

    @Test func `any damage gives a message or a fault, never a crash`() {
        var generator = SeededGenerator(seed: 32)
        var parser = OpenAIRealtimeParser()
        for round in 0..<5_000 {
            let events = Self.events
            var text =
                round % 2 == 0
                ? bytes(events[round % events.count].0)
                : bytes(Self.delta(&generator, type: "response.output_audio.delta", length: 160))
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                text[Int.random(in: 0..<text.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if case .audio(let found) = parser.parse(text.span) { #expect(audio(parser).count == found.byteCount) }
        }
    }

    /// One delta that differs from the others of its layout in what differs on the wire.
    private static func filled(_ layout: String, _ generator: inout SeededGenerator) -> [UInt8] {
        var text = layout
        let audio = Data(pcm[0..<Int.random(in: 0...200, using: &generator)]).base64EncodedString()
        for (hole, value) in [
            ("<e>", "event_\(Int.random(in: 0...99_999, using: &generator))"),
            ("<r>", "resp_\(Int.random(in: 0...9, using: &generator))"),
            ("<i>", String(repeating: "i", count: Int.random(in: 1...64, using: &generator))),
            ("\"<n>\"", ["0", "1", "12", "01", "-1", "1.5", "7"].randomElement(using: &generator)!), ("<d>", audio),
        ] { text = text.replacingOccurrences(of: hole, with: value) }
        return bytes(text)
    }

    @Test func `a parser that has seen deltas alike reads the next one as a fresh parser does, damaged or not`() {
        var generator = SeededGenerator(seed: 78)
        let odd = bytes(#"{}[]",:\/0129-+.eE tn="#) + [0, 9, 31]
        var deltas = 0, other = 0, hits = 0
        for _ in 0..<60 {
            var parser = OpenAIRealtimeParser(expectedAudioBytes: 64)
            var members = [
                ("type", #""response.output_audio.delta""#), ("event_id", #""<e>""#), ("response_id", #""<r>""#),
                ("item_id", #""<i>""#), ("output_index", #""<n>""#), ("content_index", #""<n>""#), ("delta", #""<d>""#),
            ]
            let extra = [
                ("obfuscation", #""<e>""#), ("obfuscation", #"{"type":"error","delta":[1,"x"]}"#), ("delta", #""<d>""#),
                ("type", #""error""#), ("content_index", "null"),
            ]
            if Int.random(in: 0..<3, using: &generator) == 0 { members.append(extra.randomElement(using: &generator)!) }
            let layout = object(members, &generator)
            for round in 0..<30 {
                var text = Self.filled(layout, &generator)
                if round % 3 == 2 {
                    let position = Int.random(in: 0..<text.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: text[position] = odd.randomElement(using: &generator)!
                    case 1: text.remove(at: position)
                    default: text.insert(odd.randomElement(using: &generator)!, at: position)
                    }
                }
                var fresh = OpenAIRealtimeParser(expectedAudioBytes: 64)
                let expected = fresh.parse(text.span)
                #expect(parser.parse(text.span) == expected, "\(String(decoding: text, as: UTF8.self))")
                #expect(audio(parser) == audio(fresh))
                if case .audio = expected { deltas += 1 } else { other += 1 }
            }
            hits += parser.shape.hits
        }
        #expect(deltas > 500)
        #expect(other > 300)
        #expect(hits > 250)
    }

    @Test func `the second delta of a session is not walked`() {
        var parser = OpenAIRealtimeParser()
        for index in 0..<3 {
            let text = bytes(
                """
                {"type":"response.output_audio.delta","event_id":"event_\(index)","response_id":"resp_\(index * 7)",\
                "item_id":"item_\(index)","output_index":\(index),"content_index":0,"delta":"AAAA"}
                """)
            #expect(
                parser.parse(text.span)
                    == .audio(
                        ModelAudio(
                            response: WireID("resp_\(index * 7)")!, item: WireID("item_\(index)")!, contentIndex: 0,
                            byteCount: 3)))
            #expect(parser.shape.hits == index)
        }
    }

    @Test func `audio allocates nothing once the largest message has been seen`() {
        var generator = SeededGenerator(seed: 33)
        var all: [UInt8] = [], ends: [Int] = []
        for index in 0..<20 {
            all += bytes(Self.delta(&generator, type: "response.output_audio.delta", length: 4_801 - index * 200))
            ends.append(all.count)
        }
        var parser = OpenAIRealtimeParser(expectedAudioBytes: 0)
        var seen = 0
        let count = allocations {
            var start = 0
            for index in 0..<20 {
                if case .audio = parser.parse(all.span.extracting(start..<ends[index])) { seen += 1 }
                start = ends[index]
            }
        }
        #expect(seen == 40)
        #expect(count ?? 0 == 0)
    }
}
