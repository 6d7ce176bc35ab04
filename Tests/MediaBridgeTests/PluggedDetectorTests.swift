import AudioPipeline
import Configuration
import Foundation
import Logging
import PlugIns
import RealtimeBridge
import RecognizerServers
import Testing
import VAD

@testable import MediaBridge
@testable import OwnStages

/// Calls whose tenant names a detector of its own.
@Suite struct `Plugged detectors` {
    private static func beside(_ name: String) throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// A quiet agent whose tenant has `door` for a detector.
    private static func plan(_ door: PlugInSettings.Door) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { configuration in
            configuration.stages.detectors = [PlugInSettings(name: "theirs", door: door)]
            configuration.tenants[0].vad = "theirs"
        }
        return plan
    }

    /// A loud caller until `done` says so.
    private static func speak(_ carrier: RawCarrier, _ what: String, until done: () -> Bool) async throws {
        for frame in 0..<1_500 {
            carrier.media(CarrierSamples.speech, at: frame * 20)
            if done() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NeverHappened(description: what)
    }

    @Test func `S10 a detector whose process dies is named and counted, and the call goes on with the energy detector`()
        async throws
    {
        let lines = LogLines()
        var plan = Self.plan(.program([try Self.beside("PlugInProbe"), "crash"]))
        plan.logger = Logger(label: "rig") { _ in lines.handler }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await Self.speak(carrier, "the fallback") { rig.events("detector_fallbacks") > 0 }
            let heard = session.audio.count
            #expect(heard > 0)
            try await Self.speak(carrier, "another second of audio") { session.audio.count > heard + 8_000 }
            #expect(rig.metric(#"media_bridge_plug_in_events_total{name="theirs",event="ended"}"#) > 0)
            #expect(rig.metric(#"media_bridge_detector_fallbacks_total{name="theirs",cause="gone"}"#) > 0)
            try await eventually("the line") { lines.text.contains("voice detector failed, energy decides") }
            #expect(lines.text.contains("theirs"))
            #expect(lines.text.contains("plug-in failed"))
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `a program that does its work is believed for the whole call`() async throws {
        try await withService(Self.plan(.program([try Self.beside("PlugInProbe"), "good"]))) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await Self.speak(carrier, "two seconds of audio") { session.audio.count > 16_000 }
            #expect(rig.events("detector_fallbacks") == 0)
            #expect(rig.service.detectors.all.map(\.isReady) == [true])
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `S10 a server that judges a call hangs up, and is believed again when it is back`() async throws {
        let server = try ScriptedDetectorServer()
        defer { server.stop() }
        try await withService(Self.plan(.server(server.url))) { rig in
            try await eventually("the server") { rig.service.detectors.all.first?.isReady == true }
            let (carrier, session) = try await rig.listeningCall()
            try await Self.speak(carrier, "two seconds of audio") { session.audio.count > 16_000 }
            #expect(rig.events("detector_fallbacks") == 0)
            #expect(server.windows > 30)
            server.hangUp()
            try await Self.speak(carrier, "the fallback") { rig.events("detector_fallbacks") == 1 }
            let heard = session.audio.count
            try await Self.speak(carrier, "the return") { rig.events("detector_returns") == 1 }
            #expect(session.audio.count > heard)
            #expect(server.connections == 2)
            #expect(rig.metric(#"media_bridge_detector_fallbacks_total{name="theirs",cause="gone"}"#) == 1)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    /// What a `main` adds to `Stages` before it launches the service.
    @Test func `a detector of a Swift package decides in a call, on the frame path`() async throws {
        Stages.detectors.add(DetectorEntry(name: "their-own", about: "of another package") { ZeroCrossings() })
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { $0.tenants[0].vad = "their-own" }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await Self.speak(carrier, "two seconds of audio") { session.audio.count > 16_000 }
            #expect(rig.events("detector_fallbacks") == 0)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    /// Never hears anybody, or answers no numbers; on a worker's thread.
    private struct Stubborn: VoiceActivityDetector, ~Copyable {
        let probability: Float
        var window: DetectorWindow { .telephoneFrame }
        var latencyMilliseconds: Int { 0 }
        var cost: StageCost { .worker }
        mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
            VoiceActivity(probability: probability, isSpeech: false)
        }
        mutating func reset() {}
    }

    @Test(arguments: [(Float(0), 0), (.nan, 1)])
    func `S10 a Swift package's worker that answers no numbers is not believed, one that answers is`(
        probability: Float, fallbacks: Int
    ) async throws {
        let name = fallbacks == 0 ? "deaf" : "confused"
        Stages.detectors.add(
            DetectorEntry(name: name, about: "for this test") { Stubborn(probability: probability) })
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { $0.tenants[0].vad = name }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await Self.speak(carrier, "two seconds of audio, and the verdict") {
                session.audio.count > 16_000 && rig.events("detector_fallbacks") == fallbacks
            }
            #expect(
                rig.metric("media_bridge_detector_fallbacks_total{name=\"\(name)\",cause=\"wrong\"}") == fallbacks)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `the tenant's detector decides, and not the level`() throws {
        func edges(_ script: String?, loud: Bool) throws -> Int {
            var settings = PlugInSettings(name: "script", door: .engine("scripted"))
            settings.options = ["script": script ?? ""]
            let seat = try script.map { _ in try PluggedDetector(settings) { _, _ in }.seat() }
            var path = try InboundPath(
                modelFormat: .pcmu, isEchoAware: false, seat: seat, pool: UplinkHistory.pool(calls: 1))
            let silence = [UInt8](repeating: 0xFF, count: 160)
            var edges = 0
            for frame in 0..<60 {
                path.arrived((loud && frame >= 30 ? CarrierSamples.speech : silence).span)
                while let heard = path.hear() { if heard.edge != nil { edges += 1 } }
            }
            return edges
        }
        #expect(try edges(nil, loud: true) > 0)
        #expect(try edges("", loud: true) == 0)
        #expect(try edges(nil, loud: false) == 0)
        #expect(try edges(String(repeating: "S", count: 60), loud: false) > 0)
    }

    @Test func `a detector that is too dear is given up before the echo reference`() throws {
        let seat = try PluggedDetector(PlugInSettings(name: "energy-2", door: .engine("energy"))) { _, _ in }.seat()
        var path = try InboundPath(modelFormat: .pcmu, seat: seat, pool: UplinkHistory.pool(calls: 1))
        let first = path.demoteHearing()
        #expect(first && seat.fault == .dear && path.hearing == .echoAware)
        let (second, third) = (path.demoteHearing(), path.demoteHearing())
        #expect(second && !third && path.hearing == .energy)
    }

    @Test func `a name that is not known keeps the service from starting, and says which there are`() async throws {
        var plan = Self.plan(.engine("none such"))
        await #expect(throws: ServiceError.self) { try await withService(plan) { _ in } }
        plan.configure = { $0.tenants[0].vad = "unheard-of" }
        do {
            try await withService(plan) { _ in }
            Issue.record("it started")
        } catch let error as ServiceError {
            #expect(error.description.contains("`unheard-of` is no detector; one of energy"))
        }
    }

    /// The example around `webrtcvad`, where a Python is named that has it: scripts/test does.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MEDIA_BRIDGE_STAGES_PYTHON"] != nil))
    func `the example in Python answers a call`() async throws {
        let python = ProcessInfo.processInfo.environment["MEDIA_BRIDGE_STAGES_PYTHON"] ?? ""
        let example = FileManager.default.currentDirectoryPath + "/Examples/StagesInPython/webrtc_vad.py"
        try await withService(Self.plan(.program([python, example]))) { rig in
            try await eventually("the detector", seconds: 30) { rig.service.detectors.all.first?.isReady == true }
            let (carrier, session) = try await rig.listeningCall()
            try await Self.speak(carrier, "two seconds of audio") { session.audio.count > 16_000 }
            #expect(rig.events("detector_fallbacks") == 0)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }
}
