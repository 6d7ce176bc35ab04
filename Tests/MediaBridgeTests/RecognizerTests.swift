import AudioPipeline
import Configuration
import Conversation
import Foundation
import Logging
import PlugIns
import RecognizerServers
import SpeechToText
import Testing
import Transport
import TurnStore

@testable import MediaBridge

/// Calls whose tenant has a recogniser beside the model.
@Suite struct `Recognisers in calls` {
    /// A quiet agent whose tenant names `theirs`.
    static func plan(_ door: PlugInSettings.Door, _ options: [String: String] = [:]) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { configuration in
            var settings = PlugInSettings(name: "theirs", door: door)
            settings.options = options
            configuration.stages.recognizers = [settings]
            configuration.tenants[0].recognizer = "theirs"
        }
        return plan
    }

    /// Frames of the caller's as time passes, S for speech, until the script is over.
    static func speak(_ carrier: RawCarrier, _ script: String, from frame: Int = 0) async throws {
        let silence = [UInt8](repeating: 0xFF, count: 160)
        for (place, letter) in script.enumerated() {
            carrier.media(letter == "S" ? CarrierSamples.speech : silence, at: (frame + place) * 20)
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `a Vosk server's words of the caller are in the store, with their source, beside the turns`()
        async throws
    {
        let server = try ScriptedVosk(texts: ["good morning", "goodbye"])
        defer { server.stop() }
        try await withService(Self.plan(.engine("vosk"), ["url": server.url])) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let pause = String(repeating: ".", count: 50), words = String(repeating: "S", count: 40)
            try await Self.speak(carrier, pause + words + pause)
            try await eventually("the words") { (try? rig.stored(carrier.call))??.recognized.isEmpty == false }
            // The last utterance is cut off by the hang-up.
            try await Self.speak(carrier, words, from: 140)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            try await eventually("the last words") { (try? rig.stored(carrier.call))??.recognized.count == 2 }
            let heard = try #require(try rig.stored(carrier.call)).recognized
            #expect(heard.map(\.text) == ["good morning", "goodbye"])
            #expect(heard.allSatisfy { $0.recognizer == "theirs" && $0.channel == .caller })
            #expect(abs((heard[0].confidence ?? 0) - 0.9) < 0.001)
            #expect(heard[0].words?.contains(#""word":"morning""#) == true)
            // 40 frames; on a busy machine frames that come late leave silence between them.
            #expect(heard[0].endMilliseconds - heard[0].startMilliseconds >= 780)
            // The model has heard the caller all the same.
            #expect(session.audio.count > 16_000)
            #expect(rig.metric(#"media_bridge_recognized_utterances_total{name="theirs"}"#) == 2)
            #expect(rig.metric(#"media_bridge_recognizer_lost_frames_total{name="theirs"}"#) == 0)
        }
    }

    @Test(arguments: [ScriptedRecognizerServer.Habit.nonsense, .mute, .hangsUp(after: 2), .refuses(status: 500)])
    func `S10 a recogniser that fails is named and counted, and the call goes on`(
        habit: ScriptedRecognizerServer.Habit
    ) async throws {
        let server = try ScriptedVosk(texts: ["good morning"], habit: habit)
        defer { server.stop() }
        let lines = LogLines()
        var plan = Self.plan(.engine("vosk"), ["url": server.url])
        plan.logger = Logger(label: "rig") { _ in lines.handler }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await Self.speak(carrier, String(repeating: "S", count: 50))
            #expect(session.audio.count > 4_000)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            try await eventually("the count") {
                rig.metric(#"media_bridge_recognizer_events_total{name="theirs",event="ended"}"#) > 0
            }
            try await eventually("the line") {
                lines.text.contains("plug-in failed") && lines.text.contains("theirs")
            }
            #expect(try rig.stored(carrier.call)?.recognized.isEmpty == true)
        }
    }

    @Test func `an engine of this service's own is told of the boundaries that the call's detector found`() async throws
    {
        try await withService(Self.plan(.engine("scripted"), ["texts": "one|two"])) { rig in
            let (carrier, _) = try await rig.listeningCall()
            let pause = String(repeating: ".", count: 50), words = String(repeating: "S", count: 40)
            try await Self.speak(carrier, pause + words + pause)
            try await eventually("the words") { (try? rig.stored(carrier.call))??.recognized.map(\.text) == ["one"] }
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    private static func probe(_ habit: String) throws -> PlugInSettings.Door {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return .program(
            [URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("PlugInProbe").path, habit])
    }

    @Test func `a program that is fed as the sound comes hears a call, and its words are in the store`() async throws {
        try await withService(Self.plan(try Self.probe("live"))) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let pause = String(repeating: ".", count: 50), words = String(repeating: "S", count: 40)
            try await Self.speak(carrier, pause + words + pause)
            try await eventually("the words") { (try? rig.stored(carrier.call))??.recognized.isEmpty == false }
            let heard = try #require(try rig.stored(carrier.call)).recognized
            #expect(heard[0].text.hasPrefix("call 1 of ") && heard[0].recognizer == "theirs")
            #expect(heard[0].endMilliseconds - heard[0].startMilliseconds >= 780)
            #expect(session.audio.count > 16_000)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `a server of one's own hears a call over its one connection, to the last word`() async throws {
        let server = try ScriptedStage(texts: ["good morning", "goodbye"])
        defer { server.stop() }
        try await withService(Self.plan(.server(server.url))) { rig in
            let (carrier, _) = try await rig.listeningCall()
            let pause = String(repeating: ".", count: 50), words = String(repeating: "S", count: 40)
            try await Self.speak(carrier, pause + words + pause + words)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            try await eventually("the last words") { (try? rig.stored(carrier.call))??.recognized.count == 2 }
            #expect(try rig.stored(carrier.call)?.recognized.map(\.text) == ["good morning", "goodbye"])
            #expect(server.connections.count == 1)
        }
    }

    @Test func `a recogniser of a Swift package is told each utterance of a call`() async throws {
        Stages.recognizers.add(RecognizerEntry(utterances: "sundial", about: "how long") { Sundial() })
        try await withService(Self.plan(.engine("sundial"))) { rig in
            let (carrier, _) = try await rig.listeningCall()
            let pause = String(repeating: ".", count: 50), words = String(repeating: "S", count: 40)
            try await Self.speak(carrier, pause + words + pause)
            try await eventually("the words") { (try? rig.stored(carrier.call))??.recognized.isEmpty == false }
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `S10 a program that dies while it listens costs its call the words alone`() async throws {
        try await withService(Self.plan(try Self.probe("live-crash"))) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let pause = String(repeating: ".", count: 30), words = String(repeating: "S", count: 30)
            try await Self.speak(carrier, pause + words + pause)
            try await eventually("its end") {
                rig.metric(#"media_bridge_recognizer_events_total{name="theirs",event="ended"}"#) > 0
            }
            let before = session.audio.count
            try await Self.speak(carrier, words, from: 90)
            #expect(session.audio.count > before)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `a Whisper server is asked for each utterance, with its key and no less than a second`() async throws {
        let answer = """
            {"text":"Hello world.","language":"english","segments":[{"start":0.0,"end":1.0,"text":"Hello world.",
            "avg_logprob":-0.2,"no_speech_prob":0.01}]}
            """
        try await withFakeServer({ _, _ in .now(200, answer) }) { whisper in
            let url = whisper.url + "/v1/audio/transcriptions"
            var plan = Self.plan(.engine("whisper"), ["url": url, "phrases": "hello|world"])
            let first = plan.configure
            plan.configure = { configuration in
                first(&configuration)
                configuration.stages.recognizers[0].apiKey = Secret("whisper-key-4711")
            }
            try await withService(plan) { rig in
                let (carrier, _) = try await rig.listeningCall()
                let pause = String(repeating: ".", count: 50), words = String(repeating: "S", count: 15)
                try await Self.speak(carrier, pause + words + pause)
                try await eventually("the words") { (try? rig.stored(carrier.call))??.recognized.isEmpty == false }
                let heard = try #require(try rig.stored(carrier.call)).recognized
                #expect(heard.map(\.text) == ["Hello world."] && (heard[0].confidence ?? 0) > 0.5)
                let request = try #require(whisper.requests.first)
                #expect(request.headers["authorization"] == "Bearer whisper-key-4711")
                #expect(request.body.count > 32_000)
                carrier.stop()
                _ = try await rig.ended(carrier.call)
            }
        }
    }

    @Test func `a recogniser that is not known keeps the service from starting, and says which there are`() async throws
    {
        var plan = RigPlan()
        plan.configure = { $0.tenants[0].recognizer = "unheard-of" }
        do {
            try await withService(plan) { _ in }
            Issue.record("it started")
        } catch let error as ServiceError {
            #expect(error.description.contains("recognizer: `unheard-of` is no recogniser; one of pocketsphinx"))
        }
    }

    // MARK: In the model's place

    private static func listening(_ server: ScriptedVosk) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: true)
        plan.configure = { configuration in
            configuration.stages.recognizers = [
                {
                    var settings = PlugInSettings(name: "theirs", door: .engine("vosk"))
                    settings.options = ["url": server.url]
                    return settings
                }()
            ]
            configuration.tenants[0].recognizer = "theirs"
            configuration.tenants[0].mode = .transcribe
        }
        return plan
    }

    @Test func `a call that is only listened to has turns of both parties, no model, and nothing is said`() async throws
    {
        let server = try ScriptedVosk(texts: ["good morning", "goodbye"])
        defer { server.stop() }
        try await withService(Self.listening(server)) { rig in
            let carrier = try await rig.startedCall()
            let silence = [UInt8](repeating: 0xFF, count: 160)
            // The caller speaks, then the other party; the second utterance of each is cut off by the hang-up.
            for frame in 0..<200 {
                let caller = (10..<50).contains(frame) || frame >= 180, other = (100..<140).contains(frame)
                carrier.media(caller ? CarrierSamples.speech : silence, at: frame * 20)
                carrier.media(other ? CarrierSamples.speech : silence, at: frame * 20, track: "outbound")
                try await Task.sleep(for: .milliseconds(20))
            }
            try await eventually("both parties' words") {
                rig.witness[carrier.call].turns.count >= 2
            }
            carrier.stop()
            let seen = try await rig.ended(carrier.call)
            #expect(seen.turns.map(\.text) == ["good morning", "good morning", "goodbye"])
            try await eventually("the store to have them") {
                (try? rig.stored(carrier.call)).flatMap { $0 }.map { $0.turns.count == 3 && $0.recognized.count == 3 }
                    == true
            }
            let turns = try #require(try rig.stored(carrier.call)).turns
            #expect(turns.map(\.speaker) == ["caller", "agent", "caller"])
            #expect(turns.map(\.text) == ["good morning", "good morning", "goodbye"])
            #expect(turns.allSatisfy { $0.textSource == "transcribed" && $0.item == nil })
            #expect(turns[0].startedAtMilliseconds < turns[1].startedAtMilliseconds)
            let heard = try #require(try rig.stored(carrier.call)).recognized
            #expect(Set(heard.map(\.channel)) == [.caller, .agent] && heard.count == 3)
            #expect(try rig.stored(carrier.call)?.transcript?.source == "recognizer")
            #expect(rig.model?.sessions.isEmpty == true && carrier.heard.isEmpty)
            // Every frame is accounted for (R1): what the recogniser had counts as forwarded.
            #expect(seen.books?.counts["callerForwarded"] == Int64(200 * 160))
            #expect(seen.ending == .callerHungUp)
        }
    }

    @Test func `S10 a call that is only listened to outlives its recogniser`() async throws {
        let server = try ScriptedVosk(texts: ["good morning"], habit: .mute)
        defer { server.stop() }
        try await withService(Self.listening(server)) { rig in
            let carrier = try await rig.startedCall()
            try await Self.speak(carrier, String(repeating: "S", count: 60))
            #expect(rig.service.liveCalls == 1)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            #expect(try rig.stored(carrier.call)?.turns.isEmpty == true)
            #expect(rig.metric(#"media_bridge_recognizer_events_total{name="theirs",event="ended"}"#) > 0)
        }
    }
}

/// As a host program's own: understands no word, and says how long was spoken.
private final class Sundial: SpeechRecognizer {
    var sampleRateHz: Int { 16_000 }
    var cost: StageCost { .worker }
    func recognize(_ utterance: Span<Int16>) -> Transcript {
        Transcript(text: "\(utterance.count / 16) milliseconds", confidence: 1)
    }
}
