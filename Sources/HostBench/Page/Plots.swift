import FigurePage
import LoadGenerator
import Foundation

/// The plots of a bench.
enum Plots {
    /// How long a part took, against how rarely it took longer: each step to the right is ten times rarer.
    static func distribution(_ stages: [StageTimes]) -> Plot {
        let lines = stages.filter { $0.count > 0 && shown.contains($0.part) }.enumerated().map { index, stage in
            Plot.Line(
                name: stage.part, style: index % 6,
                points: stage.quantiles.map { (x: rarity($0, of: stage.count), y: max(0.01, $0.microseconds)) })
        }
        return Plot(
            title: "How long each part takes, by how rare it is", xLabel: "share of all that took no longer",
            yLabel: "microseconds", xKind: .logarithmic, yKind: .logarithmic, lines: lines,
            limits: [.init(y: 20_000, label: "20 ms, a frame")], xText: share)
    }

    private static let shown: Set<String> = ["inbound", "outbound", "queue", "tick", "lateness", "send"]

    /// 10 for the 90th percentile, 1,000 for the 99.9th; the maximum counts as one in all.
    private static func rarity(_ quantile: StageTimes.Quantile, of count: UInt64) -> Double {
        quantile.share < 1 ? 1 / (1 - quantile.share) : Double(max(2, count))
    }

    private static func share(_ rarity: Double) -> String {
        let percent = (1 - 1 / rarity) * 100
        return "\((percent * 100_000).rounded() / 100_000) %"
    }

    /// Ticks over the measured seconds.
    static func timeline(_ points: [TimelinePoint]) -> Plot {
        func line(_ name: String, _ style: Int, _ value: (TimelinePoint) -> Double) -> Plot.Line {
            Plot.Line(
                name: name, style: style, points: points.filter { $0.ticks > 0 }.map { (x: $0.at, y: value($0)) })
        }
        return Plot(
            title: "Ticks over time", xLabel: "seconds of the measurement", yLabel: "microseconds", yKind: .logarithmic,
            lines: [
                line("tick, median", 0) { max(0.1, $0.tickP50) }, line("tick, worst", 1) { max(0.1, $0.tickWorst) },
                line("lateness, worst", 2) { max(0.1, $0.latenessWorst) },
            ], limits: [.init(y: 20_000, label: "20 ms, a frame")])
    }

    /// What a call costs, against how many there are. Void runs are left out.
    static func cost(_ reports: [BenchReport]) -> Plot {
        let points = reports.filter { !$0.load.isVoid }.compactMap { report in
            report.load.process.map { (x: Double(report.load.up), y: $0.microsecondsPerCallFrame) }
        }.sorted { $0.x < $1.x }
        return Plot(
            title: "Cost of a call against the number of calls", xLabel: "calls", yLabel: "us per call-frame",
            lines: [.init(name: "us per call-frame", style: 0, points: points)])
    }

    /// What callers notice, against how many there are.
    static func gaps(_ reports: [BenchReport], limit: Double) -> Plot {
        let good = reports.filter { !$0.load.isVoid }.sorted { $0.load.up < $1.load.up }
        return Plot(
            title: "Gap between two messages at the caller, p99.9", xLabel: "calls", yLabel: "milliseconds",
            lines: [
                .init(
                    name: "gap p99.9", style: 1,
                    points: good.map { (x: Double($0.load.up), y: $0.load.gap.p999 / 1_000) })
            ], limits: [.init(y: limit / 1_000, label: "limit")])
    }
}
