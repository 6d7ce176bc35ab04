import Foundation

/// A detector's report in words and columns, for a terminal and for a page alike.
public struct DetectorText {
    private let report: ConformanceReport

    public init(_ report: ConformanceReport) { self.report = report }

    public var title: String {
        if report.isLost { return "\(report.name): lost before it could be judged" }
        let place = report.ranHere ? report.cost : "in a process of its own"
        return
            "\(report.name): \(place), \(report.sampleRateHz) Hz, windows of \(report.windowSamples) samples, \(report.latencyMilliseconds) ms late by its own word"
    }

    public var verdict: [String] {
        report.violations.isEmpty
            ? ["all rules of the role were kept"]
            : report.violations.map { "broken: \($0.rule.rawValue): \($0.detail)" }
    }

    public static let costHead = [
        "p50", "p99", "max", "of a frame", "calls a core", "times real time", "bytes a call",
        "allocations", "waits",
    ]
    /// `allocations` for each window, `waits` in all.
    public var costRow: [String] {
        guard !report.isLost else { return Self.costHead.map { _ in "-" } }
        let spent = report.spent
        return [
            Self.duration(spent.p50Nanoseconds), Self.duration(spent.p99Nanoseconds),
            Self.duration(spent.maximumNanoseconds), String(format: "%.3f %%", spent.shareOfFrame * 100),
            "\(spent.callsPerCore)", String(format: "%.0f", spent.timesRealTime),
            report.bytesPerCall.map(String.init) ?? "not seen",
            spent.allocationsPerWindow.map { String(format: "%.2f", $0) } ?? "not seen",
            spent.waits.map(String.init) ?? "not seen",
        ]
    }

    public static let scoreHead = ["call", "missed speech", "false speech", "onset", "offset", "unheard"]
    /// One for each golden call, and one for all; onset and offset are medians, in ms.
    public var scoreRows: [[String]] {
        report.calls.map { Self.row($0.name, $0.scores) } + [Self.row("all", report.total)]
    }

    /// For tables of several detectors beside each other.
    public static let summaryHead = [
        "detector", "rules", "missed speech", "false speech", "ROC area", "onset", "offset",
        "p50", "p99", "bytes a call",
    ]
    public var summaryRow: [String] {
        let total = Self.row(report.name, report.total)
        return [
            report.name, report.passed ? "kept" : "\(report.violations.count) broken", total[1], total[2], area,
            total[3],
            total[4], report.isLost ? "-" : Self.duration(report.spent.p50Nanoseconds),
            report.isLost ? "-" : Self.duration(report.spent.p99Nanoseconds),
            report.bytesPerCall.map(String.init) ?? "-",
        ]
    }

    public var area: String {
        guard let curve = report.curve else { return "-" }
        return String(format: "%.3f", curve.area) + (curve.isOfDecisions ? " (of decisions)" : "")
    }

    private static func row(_ name: String, _ scores: FrameScores) -> [String] {
        func percent(_ share: Double?) -> String { share.map { String(format: "%.1f %%", $0 * 100) } ?? "-" }
        func milliseconds(_ value: Int?) -> String { value.map { "\($0) ms" } ?? "-" }
        return [
            name, percent(scores.missed), percent(scores.falseAlarms), milliseconds(scores.medianOnset),
            milliseconds(scores.medianOffset),
            scores.utterances == 0 ? "-" : "\(scores.missedUtterances) of \(scores.utterances)",
        ]
    }

    static func duration(_ nanoseconds: UInt64) -> String {
        let value = Double(nanoseconds)
        if value < 1_000 { return "\(nanoseconds) ns" }
        if value < 1_000_000 { return String(format: "%.1f us", value / 1_000) }
        return String(format: "%.2f ms", value / 1_000_000)
    }
}
