import AudioPipeline
import CallControl
import Configuration
import Foundation
import Logging
import PlugIns
import Synchronization
import Testing
import Transport
import VAD

@testable import CarrierPhone
@testable import MediaBridge

/// More than the service can carry, on real sockets.
@Suite struct `Overload` {
    /// The parsed limits of a configuration beside which a capacity file lies.
    private static func limits(measured calls: Int) throws -> LimitConfiguration {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("capacity-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let host = HostIdentity(name: "bridge-1", processor: "AMD EPYC", cores: 4, kernel: "6.1.0")
        try CapacityFile(
            calls: calls, profile: .passthrough, detector: "energy-echo", tls: false, host: host,
            version: ServiceVersion.current, date: Date(), limitedBy: "core 0.83, limit 0.80",
            gapLimitMilliseconds: 25, coreLimit: 0.8, runs: []
        ).write(to: folder + "/capacity.json")
        return try ServiceConfiguration.parse(
            """
            tenants:
              - id: t
                numbers: ["+15005550001"]
                accountSid: AC00000000000000000000000000000001
                authToken: ${TOKEN}
                inbound: { instructions: "Be brief.", greeting: "Hello." }
                fallback: { text: "Sorry." }
            """, file: "x.yaml", directory: folder, environment: ["TOKEN": "secret"]
        ).limits
    }

    @Test func `a measured capacity is the limit at the door`() async throws {
        let measured = try Self.limits(measured: 2)
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { $0.limits = measured }
        try await withService(plan) { rig in
            let first = try await rig.startedCall(), second = try await rig.startedCall()
            #expect(try await rig.webhook(call: ServiceRig.newCall()).map(\.name) == ["Reject"])
            #expect(rig.requests("service_full") == 1 && rig.metric("media_bridge_calls_limit") == 2)
            #expect(rig.witness[first.call].ending == nil && rig.witness[second.call].ending == nil)
            for carrier in [first, second] { carrier.stop() }
        }
    }

    @Test func `shards that run late close the door, calls that are up go on, and the door opens again`() async throws {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { $0.limits.maximumCalls = 10 * ProcessInfo.processInfo.activeProcessorCount + 1 }
        try await withService(plan) { rig in
            let shards = try #require(rig.service.running).core.shards
            // Announced before the first stream: before any clock runs, nobody can be refused for want of slack.
            var announced: [(call: String, url: String)] = []
            for _ in 0..<10 * shards.count {
                let call = ServiceRig.newCall()
                announced.append((call, try await rig.announce(call)))
            }
            let load = Stalls(of: shards.map(\.loop))
            defer { load.end() }
            let carriers = announced.map { rig.carrier($0.url, call: $0.call) }
            for carrier in carriers {
                #expect(try await carrier.opened())
                carrier.start()
            }
            try await eventually("all calls to begin") { carriers.allSatisfy { !rig.witness[$0.call].began.isEmpty } }
            try await eventually("the door to close") { rig.metric("media_bridge_admission_closed_total") > 0 }
            #expect(try await rig.webhook(call: ServiceRig.newCall()).map(\.name) == ["Reject"])
            #expect(rig.requests("no_slack") == 1 && rig.requests("service_full") == 0)
            let forwarded = rig.events("frames_to_model")
            for frame in 0..<10 { for carrier in carriers { carrier.media(CallerSound.quiet(frame), at: frame * 20) } }
            try await eventually("frames of calls that are up") {
                rig.events("frames_to_model") >= forwarded + 10 * carriers.count
            }
            #expect(carriers.allSatisfy { rig.witness[$0.call].ending == nil })
            load.end()
            // A handful of ticks says nothing: whatever else the machine does, the door opens.
            for carrier in carriers { carrier.stop() }
            for carrier in carriers { _ = try await rig.ended(carrier.call) }
            try await eventually("the door to open") { rig.service.running?.admission.hasSlack == true }
            #expect(try await rig.webhook(call: ServiceRig.newCall()).map(\.name) == ["Connect"])
        }
    }

    @Test func `a detector that uses up the frame is demoted on live frames, named, and the level decides`()
        async throws
    {
        Stages.detectors.add(
            DetectorEntry(name: "spinning", about: "3 ms of a processor a frame") { SpinningDetector() })
        let lines = LogLines()
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.logger = Logger(label: "rig") { _ in lines.handler }
        plan.configure = { configuration in
            configuration.stages.detectors = [PlugInSettings(name: "theirs", door: .engine("spinning"))]
            configuration.tenants[0].vad = "theirs"
        }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            for frame in 0..<30 { carrier.media(CallerSound.quiet(frame), at: frame * 20) }
            try await eventually("the demotion") { rig.events("stages_demoted") == 1 }
            try await eventually("all frames at the model") { session.audio.count >= 30 * 160 }
            // Three that were measured, and the one that made a suspect of it.
            #expect(rig.events("frames_over_budget") >= 4)
            #expect(rig.metric(#"media_bridge_detector_fallbacks_total{name="theirs",cause="dear"}"#) == 1)
            #expect(rig.metric("media_bridge_calls_over_budget") == 1)
            let worst = rig.service.metricsText.split(separator: "\n").first {
                $0.hasPrefix(#"media_bridge_worst_call_frame_seconds{part="hear",rank="1"}"#)
            }
            #expect(try #require(worst?.split(separator: " ").last.flatMap { Double($0) }) >= 0.003)
            let answer = try await rig.admin("/api/v1/live")
            let report = try JSONDecoder().decode(LiveReport.self, from: Data(answer.body.utf8))
            #expect(report.stagesDemoted == 1 && report.callBudgets.first?.worstPart == "hear")
            try await eventually("the line") { lines.text.contains("voice detector failed, energy decides") }
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }
}

/// Takes every loop's thread for 12 ms in 60: a fifth of the core, and every run of the clock in it is late.
private final class Stalls: Sendable {
    private let isOver = Atomic(false)

    init(of loops: [EventLoop]) {
        Thread.detachNewThread { [self] in
            while !isOver.load(ordering: .relaxed) {
                for loop in loops {
                    loop.submit {
                        let began = EventLoop.now
                        while EventLoop.now &- began < 12_000_000 {}
                    }
                }
                Thread.sleep(forTimeInterval: 0.06)
            }
        }
    }

    func end() { isOver.store(true, ordering: .relaxed) }
}

/// Uses 3 ms of its thread's own time for each frame, and hears nothing.
private struct SpinningDetector: VoiceActivityDetector, ~Copyable {
    var window: DetectorWindow { .telephoneFrame }
    var latencyMilliseconds: Int { 0 }

    mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        let began = ShardLoad.processorNanoseconds
        while ShardLoad.processorNanoseconds &- began < 3_000_000 {}
        return VoiceActivity(probability: 0, isSpeech: false)
    }

    mutating func reset() {}
}
