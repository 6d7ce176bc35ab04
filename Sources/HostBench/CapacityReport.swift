import LoadGenerator
public import Configuration
public import Foundation

/// A whole search: the file it gave, and every run. `bench --find-capacity --json` prints it.
public struct CapacityReport: Codable, Sendable, Equatable {
    public struct Run: Codable, Sendable, Equatable {
        public var verdict: String
        public var reasons: [String]
        public var report: BenchReport

        public init(_ report: BenchReport, _ verdict: BenchVerdict) {
            (self.report, self.verdict, reasons) = (report, verdict.name, verdict.reasons)
        }
    }
    public var capacity: CapacityFile
    /// In the order they were run.
    public var runs: [Run]

    /// - Parameters:
    ///   - calls: the most that held, at least one.
    ///   - runs: at least one.
    public init(calls: Int, limitedBy: String, runs: [Run], level: ServiceLevel, date: Date) {
        precondition(!runs.isEmpty, "a search without runs")
        let report = runs[0].report
        self.runs = runs
        capacity = CapacityFile(
            calls: calls, profile: report.plan.profile, detector: report.plan.detector.rawValue, tls: report.plan.tls,
            host: report.host, version: report.version, date: date, limitedBy: limitedBy,
            gapLimitMilliseconds: level.gapLimitMilliseconds(report.plan), coreLimit: level.coreLimit,
            runs: runs.map { run in
                CapacityFile.Run(
                    calls: run.report.plan.calls, verdict: run.verdict, reasons: run.reasons,
                    cores: run.report.load.process?.cores, gapP999Milliseconds: run.report.load.gap.p999 / 1_000,
                    microsecondsPerCallFrame: run.report.load.process?.microsecondsPerCallFrame)
            })
    }

    public func encoded() throws -> Data { try BenchReport.encode(self) }

    /// The run that the capacity stands for: the last that held with so many calls.
    public var deciding: Run? { runs.last { $0.report.plan.calls == capacity.calls && $0.verdict == "held" } }
}
