import Configuration
import Foundation
import HostBench
import LoadGenerator

/// The search over numbers of calls. Each run has a process of its own, so that none inherits another's memory.
struct CapacityRun {
    let first: Int
    let level: ServiceLevel
    let plan: (Int) -> BenchPlan

    func run() async throws -> CapacityReport {
        var search = CapacitySearch(first: first, coreLimit: level.coreLimit)
        var runs: [CapacityReport.Run] = []
        while true {
            switch search.next() {
            case .done(let calls, let limitedBy):
                return CapacityReport(calls: calls, limitedBy: limitedBy, runs: runs, level: level, date: Date())
            case .run(let calls):
                let report = try await measure(plan(calls), number: runs.count + 1)
                let verdict = level.verdict(of: report)
                complain(Self.line(report, verdict))
                search.record(.init(calls: calls, verdict: verdict, coreShare: report.coreShare))
                runs.append(.init(report, verdict))
            }
        }
    }

    private func measure(_ plan: BenchPlan, number: Int) async throws -> BenchReport {
        let end = try await ChildProcess.run(
            arguments: [
                "bench", "--json", "--calls", "\(plan.calls)", "--profile", plan.profile.rawValue, "--vad",
                plan.detector.rawValue, "--seconds", "\(plan.seconds)", "--warm-up", "\(plan.warmUpSeconds)", "--rate",
                "\(plan.callsPerSecond)",
            ] + (plan.tls ? ["--tls"] : [])
        ) { complain("run \(number), \(plan.calls) calls: \($0)") }
        guard let report = try? BenchReport.decode(end.output) else {
            throw BenchFailure("the run of \(plan.calls) calls gave no figures (status \(end.status)): \(end.lastLine)")
        }
        return report
    }

    private static func line(_ report: BenchReport, _ verdict: BenchVerdict) -> String {
        let share = report.coreShare.map { String(format: "core %.2f", $0) } ?? "core unknown"
        let gap = String(format: "gap p99.9 %.2f ms", report.load.gap.p999 / 1_000)
        let why = verdict.reasons.isEmpty ? "" : ": \(verdict.reasons.joined(separator: "; "))"
        return "\(report.plan.calls) calls \(verdict.name) (\(share), \(gap))\(why)"
    }
}
