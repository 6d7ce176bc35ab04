import Foundation
import MediaBridge

/// A `LiveReport` for a terminal.
struct LiveScreen {
    let text: String

    init(_ report: LiveReport) {
        let shards = report.shards.map { shard in
            [
                "\(shard.index)", "\(shard.calls)", String(format: "%.0f %%", shard.coreShare * 100), "\(shard.ticks)",
                shard.ticks == 0 ? "-" : duration(nanoseconds: shard.slackNanoseconds),
            ]
        }
        let parts = report.parts.map { part in
            [part.part + (part.part == report.worstStage ? " *" : ""), "\(part.count)"]
                + [part.p50, part.p99, part.p999, part.max].map(duration(nanoseconds:))
        }
        var blocks = [
            "\(report.calls) of \(report.limit) calls, \(report.hasSlack ? "new ones let in" : "NO SLACK: new ones refused"); "
                + "\(report.framesOver) frames over budget, \(report.stagesDemoted) stages demoted",
            table(["shard", "calls", "core", "ticks/s", "slack p99"], shards),
            table(["part (* dearest stage)", "count", "p50", "p99", "p99.9", "max"], parts),
            "ticks  " + Self.histogram(report),
            "holes  " + Self.counts(report.holes) + "\nrefused  " + Self.counts(report.refusals),
        ]
        if !report.callBudgets.isEmpty {
            let rows = report.callBudgets.prefix(5).map {
                [$0.call, $0.tenant, $0.worstPart, duration(nanoseconds: $0.worstNanoseconds), "\($0.framesOver)"]
            }
            blocks.append(table(["dearest calls", "tenant", "stage", "worst", "over"], rows))
        }
        if !report.overruns.isEmpty {
            let rows = report.overruns.suffix(5).map {
                [
                    inSeconds($0.millisecondsAgo) + " ago", $0.cause, $0.call ?? "-",
                    duration(nanoseconds: UInt64(max(0, $0.nanoseconds))),
                ]
            }
            blocks.append(table(["over budget", "what", "call", "time"], rows))
        }
        text = blocks.joined(separator: "\n\n")
    }

    /// Upper bounds with their counts, the empty ones left out.
    private static func histogram(_ report: LiveReport) -> String {
        let names = report.tickBounds.map { "<= " + duration(nanoseconds: $0) } + ["more"]
        let shown = zip(names, report.tickCounts).filter { $0.1 > 0 }.map { "\($0.0): \($0.1)" }
        return shown.isEmpty ? "none yet" : shown.joined(separator: "  ")
    }

    private static func counts(_ counts: [String: UInt64]) -> String {
        let shown = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        return shown.isEmpty ? "none" : shown.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
