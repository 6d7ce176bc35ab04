import AudioPipeline
import Foundation
import SpeechToText
import Synchronization
import Testing
import Transport

@testable import LocalAgent

@Suite(.serialized) struct `Local agent server` {
    private static let pcmuSession = """
        {"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcmu"},\
        "transcription":{"model":"local"}},"output":{"format":{"type":"audio/pcmu"}}},\
        "tools":[{"type":"function","name":"end_call","parameters":{"type":"object"}}]}}
        """

    /// Mu-law, between half a second of silence and one of silence.
    private static func spoken(_ samples: [Int16]) -> [UInt8] {
        let silence = { (count: Int) in (0..<count).map { Int16($0 * 7_919 % 13) - 6 } }
        return SpokenSentence.encode(silence(4_000) + samples + silence(8_000), as: .mulaw8k)
    }

    private static func scripted(_ texts: [String] = []) -> LocalAgentOptions {
        var options = LocalAgentOptions()
        options.makeRecognizer = { ScriptedRecognizer(texts: texts) }
        options.hearingThreads = 1
        options.paceFactor = 100
        return options
    }

    @Test func `understands every recording its script was made for, and answers it`() async throws {
        let heard = Mutex<[String]>([])
        var options = LocalAgentOptions()
        options.paceFactor = 1_000
        let observer: LocalAgentObserver = { event in
            if case .heard(let text, _, _, _) = event.kind { heard.withLock { $0.append(text) } }
        }
        try await withLocalAgent(options, observer: observer) { server, loop in
            let client = RealtimeClient(server.url + "?model=local", on: loop)
            _ = try await client.next("session.created")
            client.send(Self.pcmuSession)
            _ = try await client.next("session.updated")
            for (name, words) in DefaultScript.recordings {
                client.append(Self.spoken(try Prompt.samples(name)))
                let transcript = try await client.next("conversation.item.input_audio_transcription.completed")
                #expect(transcript["transcript"]?.string == words, "\(name)")
                let done = try await client.next("response.done")
                let output = try #require(done["response"]?["output"]?.array)
                let said = output.first?["content"]?.array?.first?["transcript"]?.string
                let expected = DefaultScript.script.entry(hearing: words)
                #expect(said == expected?.say, "\(name)")
                #expect(output.count == (expected?.tool == nil ? 1 : 2))
            }
            client.append(Self.spoken(try Prompt.samples("call-forwarding")))
            let unknown = try await client.next("conversation.item.input_audio_transcription.completed")
            #expect(unknown["transcript"] == "")
            #expect(heard.withLock { $0.count } == DefaultScript.recordings.count + 1)
        }
    }

    @Test func `understands itself, in 24 kHz PCM`() async throws {
        var options = LocalAgentOptions()
        options.script = try PhraseScript(
            text:
                "hear: the quick brown fox jumps over the lazy dog\nsay: Yes, it does.\nhear: good evening\nsay: Hello."
        )
        options.paceFactor = 1_000
        try await withLocalAgent(options) { server, loop in
            let client = RealtimeClient(server.url, on: loop)
            _ = try await client.next("session.created")
            let speech = try FliteVoice.render("The quick brown fox jumps over the lazy dog.", sampleRateHz: 24_000)
            let silence = [Int16](repeating: 0, count: 24_000)
            client.append(SpokenSentence.encode(silence + speech + silence, as: .linear24k))
            let sound = try await client.next("response.output_audio.delta")
            #expect(Base64.bytes(sound["delta"]?.string ?? "").count > 5_000)
            let transcript = try await client.next("response.output_audio_transcript.done")
            #expect(transcript["transcript"] == "Yes, it does.")
        }
    }

    @Test func `is interrupted within its long answer, and truncated`() async throws {
        try await withLocalAgent(Self.scripted(["weasels have eaten our phone system", "one moment please"])) {
            server, loop in
            let client = RealtimeClient(server.url, on: loop)
            _ = try await client.next("session.created")
            client.send(Self.pcmuSession)
            _ = try await client.next("session.updated")
            let speech = (0..<12_000).map { Int16($0 % 20 < 10 ? 6_000 : -6_000) }
            client.append(Self.spoken(speech))
            let item = try await client.next("conversation.item.done")["item"]?["role"]
            #expect(item == "user")
            _ = try await client.next("response.output_audio.delta")
            client.append(SpokenSentence.encode(speech, as: .mulaw8k))
            let cut = try await client.next("response.output_item.done")["item"]
            let done = try await client.next("response.done")["response"]
            #expect(done?["status_details"]?["reason"] == "turn_detected")
            let id = try #require(cut?["id"]?.string)
            client.send(
                #"{"type":"conversation.item.truncate","item_id":"\#(id)","content_index":0,"audio_end_ms":100}"#)
            let truncated = try await client.next("conversation.item.truncated")
            #expect(truncated["audio_end_ms"] == 100)
            client.append(SpokenSentence.encode([Int16](repeating: 0, count: 8_000), as: .mulaw8k))
            let heard = try await client.next("conversation.item.input_audio_transcription.completed")
            #expect(heard["transcript"] == "one moment please")
            let answer = try await client.next("response.done")
            #expect(answer["response"]?["status"] == "completed")
        }
    }

    @Test func `holds many sessions at once, each with its own words`() async throws {
        try await withLocalAgent(Self.scripted()) { server, loop in
            let clients = (0..<20).map { _ in RealtimeClient(server.url, on: loop) }
            for (number, client) in clients.enumerated() {
                client.send(
                    #"{"type":"response.create","response":{"instructions":"Say exactly: number \#(number)"}}"#)
            }
            for (number, client) in clients.enumerated() {
                _ = try await client.next("session.created")
                client.send(
                    #"{"type":"response.create","response":{"instructions":"Say exactly: number \#(number)"}}"#)
                let said = try await client.next("response.output_audio_transcript.done")
                #expect(said["transcript"]?.string == "number \(number)")
                client.close()
                let close = try await client.whenClosed()
                #expect(close.code == 1_000)
            }
        }
    }

    @Test func `waits for a client that does not read, and loses nothing`() async throws {
        final class LongVoice: SpeechVoice {
            func render(_ text: String, sampleRateHz: Int, speed: Double) throws(SpeechVoiceError) -> [Int16] {
                [Int16](repeating: 1_000, count: 100 * sampleRateHz)
            }
        }
        var options = Self.scripted()
        options.voice = LongVoice()
        options.paceFactor = 1_000
        options.deltaMilliseconds = 1_000
        try await withLocalAgent(options) { server, loop in
            let client = RealtimeClient(server.url, on: loop)
            _ = try await client.next("session.created")
            client.send(#"{"type":"response.create","response":{"instructions":"Say exactly: a very long story"}}"#)
            _ = try await client.next("response.output_audio.delta")
            client.pauseReading()
            // Longer than all of it would take; more than the kernel holds is still to come.
            try await Task.sleep(for: .milliseconds(500))
            #expect(client.messages.of("response.done").isEmpty)
            client.resumeReading()
            let done = try await client.next("response.done")
            #expect(done["response"]?["status"] == "completed")
            let bytes = client.messages.of("response.output_audio.delta").reduce(0) {
                $0 + Base64.bytes($1["delta"]?.string ?? "").count
            }
            #expect(bytes == 100 * 48_000)
        }
    }

    @Test func `asks for its key, and for the right door`() async throws {
        var options = Self.scripted()
        options.apiKey = "right-key"
        try await withLocalAgent(options) { server, loop in
            for key in ["", "Bearer wrong-key", "Bearer right-ke", "right-key"] {
                let refused = RealtimeClient(server.url, headers: [("Authorization", key)], on: loop)
                let status = try await refused.whenClosed().httpStatus
                #expect(status == 401)
            }
            let lost = RealtimeClient(
                server.url.replacing("/v1/realtime", with: "/v2"), headers: [("Authorization", "Bearer right-key")],
                on: loop)
            let status = try await lost.whenClosed().httpStatus
            #expect(status == 404)
            let client = RealtimeClient(
                server.url + "?model=gpt-realtime", headers: [("Authorization", "Bearer right-key")], on: loop)
            let created = try await client.next("session.created")
            #expect(created["session"]?["model"] == "gpt-realtime")
        }
    }

    @Test func `ends a session when it said it would`() async throws {
        var options = Self.scripted()
        options.sessionSeconds = 1
        try await withLocalAgent(options) { server, loop in
            let before = Int(Date().timeIntervalSince1970)
            let opened = ContinuousClock.now
            let client = RealtimeClient(server.url, on: loop)
            let expiry = try await client.next("session.created")["session"]?["expires_at"]?.number
            let after = Int(Date().timeIntervalSince1970)
            #expect((before + 1...after + 1).contains(Int(expiry ?? 0)))
            let error = try await client.next("error")
            #expect(ContinuousClock.now - opened >= .seconds(1))
            #expect(error["error"]?["code"] == "session_expired")
            #expect(error["error"]?["message"] == "Your session hit the maximum duration of 1 seconds.")
            let close = try await client.whenClosed()
            #expect(close.code == 1_001)
            #expect(close.reason == "session_expired")
        }
    }

    @Test(arguments: [0, 86_401])
    func `refuses a session length that it cannot keep`(seconds: Int) {
        var options = Self.scripted()
        options.sessionSeconds = seconds
        let error = #expect(throws: LocalAgentError.self) { try LocalAgentServer(options) }
        #expect(error?.message == "sessionSeconds \(seconds): expected 1 ... 86400")
    }

    @Test func `says which word of a script cannot be heard`() {
        var options = LocalAgentOptions()
        options.script = PhraseScript(
            greeting: "Hi.", otherwise: "What?", silence: "Well?",
            entries: [.init(hear: ["call zzyzxqua"], say: "No.")])
        let error = #expect(throws: LocalAgentError.self) { try LocalAgentServer(options) }
        #expect(error?.message.contains("\"zzyzxqua\" is not in the dictionary") == true)
    }

    @Test func `says when its port is taken`() async throws {
        try await withLocalAgent(Self.scripted()) { server, _ in
            var options = Self.scripted()
            options.port = server.port
            let error = #expect(throws: LocalAgentError.self) { try LocalAgentServer(options) }
            #expect(error?.message.contains("\(server.port)") == true)
        }
    }
}
