import SpeechToText
import Testing

@testable import LocalAgent

@Suite struct `Agent session turns` {
    static let quiet = String(repeating: ".", count: 50)
    static let speech = String(repeating: "S", count: 30)

    @Test func `answers what it heard, in the order of the real service`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.transcripts = [.success(.init(text: "thank you", confidence: 0.9))]
        rehearsal.caller(Self.quiet + Self.speech + Self.quiet)
        rehearsal.settle()
        let sent = rehearsal.take()
        #expect(
            sent.outline.filter { !$0.hasPrefix("response.output_audio") } == [
                "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
                "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
                "response.created", "rate_limits.updated", "conversation.item.input_audio_transcription.delta",
                "conversation.item.input_audio_transcription.completed", "response.output_item.added",
                "conversation.item.added", "response.content_part.added", "response.content_part.done",
                "response.output_item.done", "conversation.item.done", "response.done",
            ])
        let started = try #require(sent.of("input_audio_buffer.speech_started").first)
        let stopped = try #require(sent.of("input_audio_buffer.speech_stopped").first)
        // Speech from 1,000 to 1,600 ms; 300 ms of padding before, 500 ms of silence after.
        let start = try #require(started["audio_start_ms"]?.integer),
            end = try #require(stopped["audio_end_ms"]?.integer)
        #expect((680...720).contains(start), "audio_start_ms: \(start)")
        #expect((2_080...2_140).contains(end), "audio_end_ms: \(end)")
        #expect(started["item_id"] == stopped["item_id"])
        let done = try #require(sent.of("response.done").first?["response"])
        #expect(done["status"] == "completed" && done["status_details"] == .null)
        let text = done["output"]?.array?.first?["content"]?.array?.first?["transcript"]?.string
        #expect(text == "You are welcome. Is there anything else?")
        let words = sent.of("response.output_audio_transcript.delta").compactMap { $0["delta"]?.string }
        #expect(words.joined() == text)
        let bytes = sent.of("response.output_audio.delta").compactMap { $0["delta"]?.string }.map {
            Base64.bytes($0).count
        }
        // The rehearsal's voice: 50 ms, 400 bytes, for each character of the two sentences.
        #expect(bytes.reduce(0, +) == 400 * (16 + 23))
        #expect(bytes.dropLast().allSatisfy { $0 <= 1_600 })
        let order = sent.compactMap { $0["type"]?.string }.filter { $0.hasPrefix("response.output_audio") }
        #expect(order.first == "response.output_audio_transcript.delta")
        #expect(order.suffix(2) == ["response.output_audio.done", "response.output_audio_transcript.done"])
        let usage = try #require(done["usage"])
        #expect(
            usage["total_tokens"]?.integer == (usage["input_tokens"]?.integer ?? 0)
                + (usage["output_tokens"]?.integer ?? 0))
    }

    @Test func `only tells what it hears when it may neither answer nor interrupt`() throws {
        let rehearsal = try AgentRehearsal.configured(
            #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","create_response":false,"interrupt_response":false}}}}"#
        )
        rehearsal.transcripts = [.success(.init(text: "hello", confidence: 0.9))]
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.doWork()
        rehearsal.caller(Self.quiet + Self.speech + Self.quiet)
        rehearsal.doWork()
        let sent = rehearsal.take()
        #expect(sent.of("response.created").count == 1)
        #expect(sent.of("input_audio_buffer.committed").count == 1)
        #expect(sent.of("conversation.item.input_audio_transcription.completed").first?["transcript"] == "hello")
        #expect(sent.of("response.done").isEmpty, "the response goes on")
        rehearsal.settle()
        #expect(rehearsal.take().of("response.done").first?["response"]?["status"] == "completed")
    }

    @Test func `is interrupted by speech when the session says so`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(
            #"{"type":"response.create","response":{"instructions":"Say exactly: one two three four five six seven eight nine ten"}}"#
        )
        rehearsal.doWork()
        _ = rehearsal.take()
        rehearsal.caller(Self.quiet + Self.speech)
        let sent = rehearsal.take()
        #expect(
            sent.outline.filter { !$0.hasSuffix(".delta") } == [
                "input_audio_buffer.speech_started", "response.output_audio.done",
                "response.output_audio_transcript.done", "response.content_part.done", "response.output_item.done",
                "conversation.item.done", "response.done",
            ])
        let response = try #require(sent.of("response.done").first?["response"])
        #expect(response["status"] == "cancelled")
        #expect(response["status_details"] == ["type": "cancelled", "reason": "turn_detected"])
        #expect(response["output"]?.array?.first?["status"] == "incomplete")
    }

    @Test func `waits for the transcript before it answers, and tells when hearing failed`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.transcripts = [.failure(.init(.engine, "on purpose"))]
        rehearsal.caller(Self.quiet + Self.speech + Self.quiet)
        #expect(rehearsal.work.count == 1)
        #expect(rehearsal.types().suffix(2) == ["response.created", "rate_limits.updated"])
        rehearsal.settle()
        let sent = rehearsal.take()
        let failed = try #require(sent.of("conversation.item.input_audio_transcription.failed").first)
        #expect(failed["error"]?["message"] == "on purpose")
        let answer = sent.of("response.done").first?["response"]?["output"]?.array?.first
        #expect(answer?["content"]?.array?.first?["transcript"]?.string == DefaultScript.script.otherwise)
    }

    @Test func `takes turns by hand when detection is off`() throws {
        let rehearsal = try AgentRehearsal.configured(#"{"type":"realtime","audio":{"input":{"turn_detection":null}}}"#)
        rehearsal.caller("SSS")
        rehearsal.client(#"{"type":"input_audio_buffer.commit","event_id":"c1"}"#)
        let refused = try #require(rehearsal.take().first?["error"])
        #expect(refused["code"] == "input_audio_buffer_commit_empty" && refused["event_id"] == "c1")
        rehearsal.caller(Self.quiet + Self.speech + Self.quiet)
        #expect(rehearsal.types() == [])
        rehearsal.client(#"{"type":"input_audio_buffer.commit"}"#)
        #expect(
            rehearsal.types() == [
                "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
            ])
        guard case .transcribe(_, let samples, 8_000) = rehearsal.work.first else {
            Issue.record("no transcription: \(rehearsal.work)")
            return
        }
        #expect(samples.count == 133 * 160)
        rehearsal.caller("SSSSSSSSSS")
        rehearsal.client(#"{"type":"input_audio_buffer.clear"}"#)
        rehearsal.client(#"{"type":"input_audio_buffer.commit"}"#)
        #expect(rehearsal.types() == ["input_audio_buffer.cleared", "error"])
    }

    @Test func `keeps at most a minute of input`() throws {
        let rehearsal = try AgentRehearsal.configured(#"{"type":"realtime","audio":{"input":{"turn_detection":null}}}"#)
        rehearsal.append([UInt8](repeating: 0xFF, count: 8_000 * 60))
        #expect(rehearsal.types() == [])
        rehearsal.append([0xFF])
        #expect(rehearsal.take().first?["error"]?["code"] == "input_audio_buffer_full")
        // With detection, silence is forgotten and speech is cut.
        let listening = try AgentRehearsal.configured()
        for _ in 0..<130 { listening.append([UInt8](repeating: 0xFF, count: 8_000)) }
        #expect(listening.session.input.keptMilliseconds <= 1_000)
        #expect(listening.session.input.milliseconds == 130_000)
    }

    @Test func `speaks up when nobody speaks`() throws {
        let rehearsal = try AgentRehearsal.configured(
            #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","idle_timeout_ms":6000}}}}"#)
        rehearsal.client(#"{"type":"response.create","response":{"instructions":"Say exactly: hello"}}"#)
        rehearsal.settle()
        _ = rehearsal.take()
        rehearsal.pass(milliseconds: 5_900)
        #expect(rehearsal.types() == [])
        rehearsal.pass(milliseconds: 500)
        rehearsal.settle()
        let sent = rehearsal.take()
        #expect(sent.first?["type"] == "input_audio_buffer.timeout_triggered")
        let answer = sent.of("response.done").first?["response"]?["output"]?.array?.first
        #expect(answer?["content"]?.array?.first?["transcript"]?.string == DefaultScript.script.silence)
    }

    @Test func `hears a transcription session without answering it`() throws {
        var settings = AgentSession.Settings()
        settings.kind = .transcription
        let rehearsal = AgentRehearsal(settings)
        #expect(rehearsal.take().first?["session"]?["type"] == "transcription")
        rehearsal.client(
            #"{"type":"session.update","session":{"type":"transcription","audio":{"input":{"format":{"type":"audio/pcmu"},"transcription":{"model":"gpt-4o-transcribe"}}}}}"#
        )
        rehearsal.transcripts = [.success(.init(text: "good morning", confidence: 1))]
        rehearsal.caller(Self.quiet + Self.speech + Self.quiet)
        rehearsal.settle()
        let sent = rehearsal.take()
        #expect(
            sent.of("conversation.item.input_audio_transcription.delta").map { $0["delta"] } == ["good", " morning"])
        #expect(sent.of("response.created").isEmpty)
        rehearsal.client(#"{"type":"response.create"}"#)
        #expect(rehearsal.types() == ["error"])
    }
}
