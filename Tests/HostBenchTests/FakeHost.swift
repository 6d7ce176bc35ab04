import AudioPipeline
import Configuration
import Foundation
import HostBench
@testable import LoadGenerator

/// A machine whose calls cost what is said, and runs on it.
struct FakeHost {
    var microsecondsPerCallFrame = 20.0
    /// Cores that do not depend on calls.
    var idleCores = 0.02
    /// From so many calls on, gaps are long.
    var breaksAt = Int.max
    /// From so many calls on, the generator itself is late.
    var generatorLateAt = Int.max
    var serviceCores = 1

    func report(_ plan: BenchPlan) -> BenchReport {
        let cores = Double(plan.calls) * microsecondsPerCallFrame / 20_000 + idleCores
        let frames = Int(Double(plan.calls) * plan.seconds * 50)
        let times = Self.times(count: frames, p50: 20_000, p999: plan.calls >= breaksAt ? 31_000 : 21_000)
        let lateness = Self.times(count: frames, p50: 60, p999: 900)
        let process = LoadReport.Process(
            cores: cores, microsecondsPerCallFrame: cores * 20_000 / Double(plan.calls),
            callsPerCore: Double(plan.calls) / cores, residentBytes: 50_000_000 + plan.calls * 40_960,
            residentBytesBefore: 50_000_000, voluntarySwitchesPerSecond: 900, involuntarySwitchesPerSecond: 12,
            minorFaultsPerSecond: 0)
        let load = LoadReport(
            calls: plan.calls, up: plan.calls, refused: 0, broken: 0, seconds: plan.seconds, deltaMilliseconds: 20,
            gap: times, gapDeviation: lateness, click: Self.times(count: 90, p50: 900, p999: 2_900), clicksSent: 90,
            clicksHeard: 90, setUp: lateness, firstAudio: lateness, framesSent: frames, framesAtModel: frames,
            framesSaid: frames, framesHeard: frames, lateness: lateness, generatorCores: 0.4,
            void: plan.calls >= generatorLateAt ? ["the generator was late"] : [], process: process)
        return BenchReport(
            host: HostIdentity(name: "a<b", processor: "Fake & Sons", cores: 2, kernel: "6.1.0"), version: "0.1.0",
            date: Date(timeIntervalSince1970: 1_780_000_000), plan: plan, serviceCores: serviceCores, load: load,
            stages: Self.quiet, overruns: Self.facts(),
            timeline: (1...20).map {
                TimelinePoint(at: Double($0), ticks: 1_000, tickP50: 180, tickWorst: 900, latenessWorst: 1_100)
            })
    }

    private static let quiet = stages(slowest: 900_000, callFrames: 1)

    static func times(count: Int, p50: Double, p999: Double) -> LoadReport.Times {
        LoadReport.Times(count: count, p50: p50, p90: p50, p99: p999, p999: p999, max: p999, mean: p50)
    }

    /// Each part a thousand times a microsecond, and once `slowest` nanoseconds.
    static func stages(slowest: UInt64, callFrames: Double) -> [StageTimes] {
        ["hear", "forward", "inbound", "queue", "send", "outbound", "tick", "lateness"].map { part in
            let histogram = LatencyHistogram()
            for _ in 0..<999 { histogram.record(nanoseconds: 1_000) }
            histogram.record(nanoseconds: part == "forward" ? slowest : 1_500)
            return StageTimes(part: part, label: "the \(part)", histogram.snapshot(), callFrames: callFrames)
        }
    }

    static func facts(late: UInt64 = 0, waited: Double = 0, stolen: Double = 0, modelHoles: UInt64 = 0) -> OverrunFacts
    {
        OverrunFacts(
            visits: 40_000, late: late, missed: 0, holesModelLate: modelHoles, holesOurs: 0, holesCarrier: 0,
            waitedForProcessor: waited, stolen: stolen, seconds: 20)
    }
}
