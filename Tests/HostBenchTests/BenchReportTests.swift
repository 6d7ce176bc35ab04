import Configuration
import Foundation
@testable import HostBench
import LoadGenerator
import Testing

@Suite struct `Bench report` {
    private let plan = BenchPlan(calls: 400)

    @Test func `is the same after it went through JSON, as another process reads it`() throws {
        let report = FakeHost().report(plan)
        #expect(try BenchReport.decode(report.encoded()) == report)
    }

    @Test func `what breaks a run is said with its limit`() {
        let level = ServiceLevel()
        func verdict(_ host: FakeHost = FakeHost(), _ change: (inout BenchReport) -> Void = { _ in }) -> BenchVerdict {
            var report = host.report(plan)
            change(&report)
            return level.verdict(of: report)
        }
        #expect(verdict() == .held)
        #expect(verdict(FakeHost(breaksAt: 400)) == .broke(["gap p99.9 31.0 ms, limit 25.0 ms"]))
        // What the generator itself was late by is in its callers' gaps.
        #expect(
            verdict(FakeHost(breaksAt: 400)) { $0.load.lateness.p999 = 3_000 }
                == .void(["gap p99.9 31.0 ms, of which the generator's own lateness may be 3.0 ms"]))
        #expect(verdict { $0.load.lateness.p999 = 3_000 } == .held)
        #expect(verdict(FakeHost(microsecondsPerCallFrame: 50)) == .broke(["core 1.02, limit 0.8"]))
        #expect(verdict(FakeHost(microsecondsPerCallFrame: 50, serviceCores: 3)) == .held)
        #expect(verdict { ($0.load.refused, $0.load.up) = (3, 397) } == .broke(["3 calls refused"]))
        #expect(verdict { $0.load.up = 399 } == .broke(["1 calls did not come up"]))
        #expect(verdict { $0.load.framesHeard /= 2 } == .broke(["callers heard 200000 of 400000 frames"]))
        #expect(verdict(FakeHost(breaksAt: 400, generatorLateAt: 400)) == .void(["the generator was late"]))
        #expect(verdict { $0.load.process = nil } == .void(["the service's processor time was not measured"]))
        // 100 ms in each message come 100 ms apart.
        var batched = FakeHost().report(BenchPlan(calls: 1, profile: .batched))
        batched.load.gap.p999 = 104_000
        #expect(level.verdict(of: batched) == .held)
    }

    @Test func `stages show their shares, and what is over 2 ms`() throws {
        let stages = FakeHost.stages(slowest: 5_000_000, callFrames: 100)
        let forward = try #require(stages.first { $0.part == "forward" })
        #expect(forward.count == 1_000 && forward.overruns == 1)
        #expect(abs(forward.p50 - 1) < 0.033 && abs(forward.max - 5_000) < 160)
        #expect(abs(forward.perCallFrame - (999 + 5_000) / 100) < 0.01)
        #expect(forward.quantiles.last?.share == 1 && abs(forward.shareOfFrame - 1 / 20_000.0) < 1e-5)
        #expect(stages.filter { $0.overruns > 0 }.count == 1)
    }

    @Test func `blame goes where the evidence is`() {
        let quiet = FakeHost.stages(slowest: 900_000, callFrames: 1),
            slow = FakeHost.stages(slowest: 5_000_000, callFrames: 1)
        func suspects(_ facts: OverrunFacts, _ stages: [StageTimes], _ share: Double? = 0.3) -> [OverrunBlame.Suspect] {
            facts.blame(stages, coreShare: share).map(\.suspect)
        }
        #expect(suspects(FakeHost.facts(), slow).isEmpty, "nothing was late")
        #expect(suspects(FakeHost.facts(late: 4), slow) == [.stage])
        #expect(
            FakeHost.facts(late: 4).blame(slow, coreShare: nil)[0].evidence
                == "the forward: 1 times over 2 ms, at worst 5.0 ms")
        #expect(suspects(FakeHost.facts(late: 4, waited: 1), quiet) == [.scheduler])
        #expect(suspects(FakeHost.facts(late: 4, stolen: 1), quiet, 0.9) == [.hypervisor, .calls])
        #expect(suspects(FakeHost.facts(late: 4), quiet) == [.loop])
        #expect(suspects(FakeHost.facts(modelHoles: 2), quiet) == [.model])
    }

    @Test func `memory is what calls added`() {
        #expect(FakeHost().report(plan).bytesPerCall == 40_960)
    }

    @Test func `a search's report holds every run, and its file too`() {
        let level = ServiceLevel()
        let runs = [100, 500, 800].map { calls in
            let report = FakeHost().report(BenchPlan(calls: calls))
            return CapacityReport.Run(report, level.verdict(of: report))
        }
        let report = CapacityReport(
            calls: 500, limitedBy: runs[2].reasons.joined(), runs: runs, level: level,
            date: Date(timeIntervalSince1970: 0))
        #expect(report.capacity.runs.map(\.verdict) == ["held", "held", "broke"])
        #expect(report.capacity.calls == 500 && report.deciding?.report.plan.calls == 500)
        #expect(report.capacity.runs[2].reasons == ["core 0.82, limit 0.8"])
    }

    @Test func `counters are read from the text that operators read`() {
        let text = CounterText(
            """
            # TYPE media_bridge_events_total counter
            media_bridge_events_total{event="ticks_late"} 3
            media_bridge_events_total{shard="1",event="ticks_late"} 4
            media_bridge_events_total{event="ticks_missed"} 9
            media_bridge_events_total_more{event="ticks_late"} 50
            """)
        #expect(text.sum("media_bridge_events_total", "event", "ticks_late") == 7)
        #expect(text.sum("media_bridge_events_total", "event", "holes_ours") == 0)
    }

    @Test func `the last processor is the generator's, unless there is one alone`() {
        let four = ProcessorPlacement(allowed: [0, 2, 4, 6])
        #expect(four.service == [0, 2, 4] && four.generator == [6] && !four.isShared)
        #expect(ProcessorPlacement(allowed: [3]).isShared)
        #expect(!ProcessorPlacement.current().service.isEmpty)
    }

    @Test func `waits are read as the kernel writes them`() {
        #expect(ProcessorWaits.runDelay("123456789 2500000000 42\n") == 2.5)
        #expect(ProcessorWaits.runDelay("") == 0)
        #expect(ProcessorWaits.stolen("cpu  1 2 3 4 5 6 7 850 0 0\ncpu0 1 2 3 4 5 6 7 99 0 0\n") == 8.5)
    }

    @Test func `a certificate is made for loopback, and its key beside it`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try LoopbackCertificate(in: folder)
        #expect(try String(contentsOfFile: made.certificate, encoding: .utf8).hasPrefix("-----BEGIN CERTIFICATE-----"))
        #expect(try String(contentsOfFile: made.key, encoding: .utf8).hasPrefix("-----BEGIN PRIVATE KEY-----"))
        #expect(throws: BenchFailure.self) { try LoopbackCertificate(in: folder + "/nowhere") }
    }

    @Test func `a free port can be listened on`() throws {
        #expect(try (1...65_535).contains(FreePort.find()))
    }

    @Test(arguments: [("energy", false, "energy"), ("energy-echo", true, "energy"), ("telephone", true, "telephone")])
    func `a detector stands in reports by its name, and is a tenant's`(
        name: String, isEchoAware: Bool, tenantName: String
    ) throws {
        let plan = BenchPlan(calls: 1, detector: BenchDetector(rawValue: name))
        let written = try JSONEncoder().encode(plan)
        #expect(String(decoding: written, as: UTF8.self).contains(#""detector":"\#(name)""#))
        #expect(try JSONDecoder().decode(BenchPlan.self, from: written) == plan)
        #expect(plan.detector.isEchoAware == isEchoAware && plan.detector.tenantName == tenantName)
    }
}
