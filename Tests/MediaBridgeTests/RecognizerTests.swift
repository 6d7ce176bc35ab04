import Configuration
import Foundation
import Logging
import PlugIns
import RecognizerServers
import Testing
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
            #expect(abs(heard[0].endMilliseconds - heard[0].startMilliseconds - 800) < 60)
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
}
