import CallControl
import CarrierPhone
import Configuration
import Conversation
import Foundation
import Synchronization
import Testing
import Transport
import TurnStore

@testable import MediaBridge

/// A whole call that is recorded, transcribed afterwards, decided and shown.
@Suite struct `Transcription of whole calls` {
    private static let answer = """
        {"task":"transcribe","language":"english","duration":1.5,"text":" Hello world.","segments":[\
        {"id":0,"seek":0,"start":0.2,"end":1.4,"text":" Hello world.","avg_logprob":-0.2,"no_speech_prob":0.01},\
        {"id":1,"seek":0,"start":1.4,"end":1.5,"text":" Thanks for watching!","avg_logprob":-1.4,"no_speech_prob":0.9}]}
        """

    private static func plan(_ configure: @escaping @Sendable (inout ServiceConfiguration) -> Void) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { configuration in
            configuration.tenants[0].recordingEnabled = true
            configuration.tenants[0].transcription.when = .needed
            configure(&configuration)
        }
        return plan
    }

    /// The caller says "hello world" into the line and hangs up; the model, which hears, writes nothing down.
    private func callSayingHelloWorld(_ rig: ServiceRig) async throws -> String {
        var options = rig.phoneOptions()
        options.utterances = [try SpokenScript.utterance("hello-world", .at(milliseconds: 300))]
        options.hangUp = [.after(milliseconds: 3_500)]
        let report = await rig.call(options)
        _ = try await rig.ended(report.callSid)
        return report.callSid
    }

    @Test func `S68 a Whisper server that is busy at first gives the text that the call lacked`() async throws {
        try await withFakeServer({ _, place in
            place == 0 ? .now(503, "{}") : .now(200, Self.answer)
        }) { whisper in
            let url = whisper.url + "/v1/audio/transcriptions"
            let plan = Self.plan { configuration in
                configuration.transcription.engine = .whisper
                configuration.transcription.url = url
                configuration.transcription.apiKey = Secret("whisper-key-4711")
            }
            try await withService(plan) { rig in
                let call = try await callSayingHelloWorld(rig)
                try await eventually("the decision", seconds: 60) {
                    (try? rig.stored(call))??.transcript?.reason != nil
                }
                let transcript = try #require(try rig.stored(call)?.transcript)
                #expect(transcript.source == "recording" && transcript.reason == "recordingIsGood")
                #expect(transcript.lines.map(\.text) == ["Hello world."])
                #expect(transcript.lines[0].startMilliseconds < 2_500)

                // Asked twice for one piece of one channel: nobody speaks on the agent's.
                #expect(whisper.requests.count == 2)
                let request = try #require(whisper.requests.last)
                #expect(request.method == "POST" && request.path == "/v1/audio/transcriptions")
                #expect(request.headers["authorization"] == "Bearer whisper-key-4711")
                let body = String(decoding: request.body.prefix(1_500), as: UTF8.self)
                for part in [
                    "name=\"model\"\r\n\r\nwhisper-1\r\n", "name=\"language\"\r\n\r\nen\r\n",
                    "name=\"response_format\"\r\n\r\nverbose_json\r\n", "filename=\"call.wav\"",
                ] { #expect(body.contains(part), "\(part)") }
                let wav = try #require(request.body.firstRange(of: Array("RIFF".utf8)))
                let rate = request.body[(wav.lowerBound + 24)...].prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                #expect(rate == 16_000)
                #expect(request.body.count > 32_000)

                // The admin listener tells the same.
                let shown = try await rig.admin("/api/v1/calls/\(call)")
                #expect(shown.status == 200 && shown.body.contains(#""source":"recording""#))
                let store = try TurnStore.openReadOnly(rig.folder + "/store.sqlite")
                #expect(try store.jobs(call: call).allSatisfy { $0.state == .done })
                #expect(try store.transcripts(of: call).first { $0.channel == .caller }?.engine == "whisper whisper-1")
            }
        }
    }

    @Test func `the operator's webhook is told of the text that holds, once`() async throws {
        try await withFakeServer({ _, _ in .now(204, "") }) { hook in
            let told = hook.url
            try await withFakeServer({ _, _ in .now(200, Self.answer) }) { whisper in
                let url = whisper.url + "/v1/audio/transcriptions"
                let plan = Self.plan { configuration in
                    configuration.transcription.engine = .whisper
                    configuration.transcription.url = url
                    var events = EventSettings(url: told, secret: Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
                    events.includesText = true
                    configuration.tenants[0].events = events
                }
                try await withService(plan) { rig in
                    let call = try await callSayingHelloWorld(rig)
                    func events() -> [String] { hook.requests.map(\.text).filter { $0.contains("transcript.ready") } }
                    try await eventually("the event", seconds: 60) { !events().isEmpty }
                    let event = try #require(events().first)
                    #expect(event.contains(call) && event.contains(#""source":"recording""#))
                    #expect(event.contains("Caller: Hello world."))
                    #expect(events().count == 1)
                }
            }
        }
    }

    @Test func `S68 a redirect is not followed, the key stays, and the job is dead with its reason`() async throws {
        try await withFakeServer({ _, _ in .now(200, Self.answer) }) { elsewhere in
            let target = elsewhere.url
            try await withFakeServer({ _, _ in .now(307, "", headers: [("Location", target)]) }) { whisper in
                let url = whisper.url + "/v1/audio/transcriptions"
                let plan = Self.plan { configuration in
                    configuration.transcription.engine = .whisper
                    configuration.transcription.url = url
                    configuration.transcription.apiKey = Secret("whisper-key-4711")
                }
                try await withService(plan) { rig in
                    let call = try await callSayingHelloWorld(rig)
                    let store = try TurnStore.openReadOnly(rig.folder + "/store.sqlite")
                    try await eventually("the dead letter", seconds: 60) {
                        (try? store.jobs(state: .dead, call: call))?.count == 1
                    }
                    #expect(try store.jobs(state: .dead, call: call).first?.lastError == "the server redirects")
                    #expect(elsewhere.requests.isEmpty)
                    #expect(try rig.stored(call)?.transcript?.source == "failed")
                }
            }
        }
    }

    @Test func `a recogniser that is plugged in gives the text, and is named as its source`() async throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let probe = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("PlugInProbe").path
        let plan = Self.plan { configuration in
            configuration.transcription.engine = .recognizer
            configuration.transcription.recognizer = "counter"
            configuration.stages.recognizers = [PlugInSettings(name: "counter", door: .program([probe, "stt"]))]
        }
        try await withService(plan) { rig in
            let call = try await callSayingHelloWorld(rig)
            try await eventually("the decision", seconds: 60) { (try? rig.stored(call))??.transcript?.reason != nil }
            let transcript = try #require(try rig.stored(call)?.transcript)
            #expect(transcript.source == "recording")
            #expect(transcript.lines.first?.text.hasSuffix(" samples") == true)
            let heard = try TurnStore.openReadOnly(rig.folder + "/store.sqlite").transcripts(of: call)
            #expect(heard.contains { $0.engine == "recognizer counter" })
        }
    }

    @Test func `S68 the local engine hears a listed phrase in a recorded call`() async throws {
        let plan = Self.plan { configuration in
            configuration.transcription.engine = .local
            configuration.tenants[0].transcription.phrases = ["hello world", "good morning", "please hold the line"]
        }
        try await withService(plan) { rig in
            let call = try await callSayingHelloWorld(rig)
            try await eventually("the decision", seconds: 90) { (try? rig.stored(call))??.transcript?.reason != nil }
            let transcript = try #require(try rig.stored(call)?.transcript)
            #expect(transcript.source == "recording")
            #expect(transcript.lines.map(\.text) == ["hello world"])
        }
    }
}
