import Foundation
import LoadGenerator

/// A load run's figures for a person.
struct LoadTable {
    let text: String

    init(_ report: LoadReport) {
        func row(_ name: String, _ times: LoadReport.Times?) -> [String] {
            guard let times, times.count > 0 else { return [name, "0", "-", "-", "-", "-"] }
            let values = [times.p50, times.p99, times.p999, times.max]
            return [name, "\(times.count)"] + values.map { duration(nanoseconds: UInt64(max(0, $0) * 1_000)) }
        }
        var lines = [
            "\(report.calls) calls: \(report.up) up, \(report.refused) refused, \(report.broken) broken off; "
                + "\(report.seconds) s measured",
            table(
                ["", "count", "p50", "p99", "p99.9", "max"],
                [
                    row("gap between messages at the caller", report.gap),
                    row("  its deviation", report.gapDeviation),
                    row("click, there and back", report.click),
                    row("set-up to the open stream", report.setUp),
                    row("set-up to the agent's first sound", report.firstAudio),
                    row("lateness of the generator", report.lateness),
                ]),
            "frames of 20 ms: callers sent \(report.framesSent), \(report.framesAtModel) reached the model; "
                + "the model said \(report.framesSaid), callers heard \(report.framesHeard)",
        ]
        if let extra = report.extra {
            lines.append(
                "on top: \(extra.asked) calls asked for, \(extra.taken) taken, \(extra.refused) refused, "
                    + "\(extra.broken) broken off (set-up times are theirs, gaps and clicks the others')")
        }
        if let process = report.process {
            lines.append(
                String(
                    format:
                        "bridge: %.2f us per call and 20 ms, %.0f calls per core (at %.0f %% of one), %.1f KiB per call",
                    process.microsecondsPerCallFrame, process.callsPerCore, process.cores * 100,
                    Double(process.residentBytes - process.residentBytesBefore) / 1_024 / Double(max(1, report.up))))
        }
        lines.append(String(format: "generator: %.0f %% of a core", report.generatorCores * 100))
        lines += report.void.map { "VOID: \($0)" }
        text = lines.joined(separator: "\n")
    }
}
