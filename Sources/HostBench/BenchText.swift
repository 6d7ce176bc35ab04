import Configuration
import Foundation
import LoadGenerator

/// A run's figures as rows: the terminal and the page show the same.
public struct BenchText {
    public struct Table: Sendable, Equatable {
        public var head: [String]
        public var rows: [[String]]
    }

    private let report: BenchReport
    public init(_ report: BenchReport) { self.report = report }

    public var title: String {
        let plan = report.plan
        return "\(plan.calls) calls, \(plan.profile.rawValue), \(plan.detector.rawValue), "
            + "\(plan.tls ? "TLS" : "plain sockets"), \(Self.text(plan.seconds)) s measured"
    }

    public var place: String {
        let host = report.host
        return "media-bridge \(report.version) on \(host.name): \(host.processor), \(host.cores) cores, "
            + "Linux \(host.kernel); \(report.serviceCores) for the service"
    }

    /// From inside: parts of a frame's way, and whole ticks.
    public var stages: Table {
        Table(
            head: [
                "frame budget", "count", "p50", "p99", "p99.9", "max", "p99 of 20 ms", "over 2 ms", "per call-frame",
            ],
            rows: report.stages.map { stage in
                [stage.label, "\(stage.count)"]
                    + [stage.p50, stage.p99, stage.p999, stage.max].map(Self.duration)
                    + [
                        Self.percent(stage.shareOfFrame), "\(stage.overruns)",
                        // Lateness is waiting, which costs nobody's processor.
                        stage.part == "lateness" ? "-" : Self.duration(stage.perCallFrame),
                    ]
            })
    }

    /// From outside: what callers saw.
    public var callers: Table {
        let load = report.load
        var rows = [
            Self.row("gap between messages", load.gap),
            Self.row("  off from the audio in them", load.gapDeviation),
        ]
        if let click = load.click { rows.append(Self.row("added latency, a click there and back", click)) }
        rows += [
            Self.row("set-up, to the open stream", load.setUp), Self.row("to the agent's first audio", load.firstAudio),
            Self.row("generator's own lateness", load.lateness),
        ]
        return Table(head: ["at the caller", "count", "p50", "p99", "p99.9", "max"], rows: rows)
    }

    private static func row(_ name: String, _ times: LoadReport.Times) -> [String] {
        [name, "\(times.count)"] + [times.p50, times.p99, times.p999, times.max].map(duration)
    }

    /// Sentences: cost, frames, overruns and whose fault.
    public var lines: [String] {
        let load = report.load
        var lines: [String] = []
        if let process = load.process {
            let memory = report.bytesPerCall.map { "\(Int(($0 / 1_024).rounded())) KiB a call" } ?? "not measured"
            lines.append(
                "processor: \(Self.text(process.cores)) cores, \(Self.text(process.microsecondsPerCallFrame)) us a call-frame, "
                    + "\(Int(process.callsPerCore)) calls a core; memory: \(memory)")
            lines.append(
                "switches a second: \(Int(process.voluntarySwitchesPerSecond)) voluntary, "
                    + "\(Int(process.involuntarySwitchesPerSecond)) not; page faults: \(Int(process.minorFaultsPerSecond))"
            )
        }
        lines.append(
            "calls: \(load.up) of \(load.calls) up, \(load.refused) refused, \(load.broken) broke off; frames: callers sent "
                + "\(load.framesSent), the model heard \(load.framesAtModel), it said \(load.framesSaid), callers heard "
                + "\(load.framesHeard)")
        let facts = report.overruns
        lines.append(
            "overruns: \(facts.late) of \(facts.visits) visits over \(OverrunFacts.lateAfterMilliseconds) ms late, "
                + "\(facts.missed) periods missed; holes: \(facts.holesOurs) ours, \(facts.holesModelLate) the model's, "
                + "\(facts.holesCarrier) the carrier's")
        lines += report.blame.map { "  \($0.suspect.rawValue): \($0.evidence)" }
        lines += load.void.map { "VOID: \($0)" }
        return lines
    }

    // MARK: Figures

    static func duration(_ microseconds: Double) -> String {
        switch microseconds {
        case ..<1: "\(Int((microseconds * 1_000).rounded())) ns"
        case ..<1_000: String(format: "%.1f us", microseconds)
        default: String(format: "%.2f ms", microseconds / 1_000)
        }
    }

    static func percent(_ share: Double) -> String {
        share < 0.000_1 ? "< 0.01 %" : String(format: "%.2f %%", share * 100)
    }

    static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : String(format: "%.2f", value)
    }
}
