import Configuration
import FigurePage
import Foundation
import LoadGenerator

/// The figures of one run, or of a whole search, as one page: tables and plots, nothing from outside, no script.
public struct BenchPage {
    private let report: BenchReport
    private let search: CapacityReport?

    public init(_ report: BenchReport) { (self.report, search) = (report, nil) }
    /// Shows the run that the capacity stands for, else the last one.
    public init(_ search: CapacityReport) {
        (report, self.search) = ((search.deciding ?? search.runs[search.runs.count - 1]).report, search)
    }

    public var html: String {
        let text = BenchText(report)
        var body = [
            "<h1>Frame budget</h1>",
            "<p>\(FigurePage.escaped(text.place))<br>\(FigurePage.escaped(Self.day(report.date)))</p>",
        ]
        if let search { body += Self.sections(search) }
        body.append("<h2>\(FigurePage.escaped(text.title))</h2>")
        if report.load.isVoid {
            body.append(
                "<p class=\"void\">This run is void: \(FigurePage.escaped(report.load.void.joined(separator: "; ")))</p>"
            )
        }
        body.append("<ul>\(text.lines.map { "<li>\(FigurePage.escaped($0))</li>" }.joined())</ul>")
        body += [Self.table(text.stages), Self.table(text.callers)]
        body += [distribution, timeline].map(\.svg)
        if search == nil, !report.load.isVoid { body.append(Plots.cost([report]).svg) }
        return FigurePage.html(title: "media-bridge bench: \(text.title)", body: body)
    }

    private var distribution: Plot { Plots.distribution(report.stages) }
    private var timeline: Plot { Plots.timeline(report.timeline) }

    private static func sections(_ search: CapacityReport) -> [String] {
        let capacity = search.capacity
        let rows = search.runs.map { run in
            let report = run.report
            return [
                "\(report.plan.calls)", run.verdict, report.coreShare.map(BenchText.percent) ?? "-",
                report.load.process.map { BenchText.duration($0.microsecondsPerCallFrame) } ?? "-",
                BenchText.duration(report.load.gap.p999), BenchText.duration(report.load.lateness.p99),
                run.reasons.joined(separator: "; "),
            ]
        }
        return [
            "<h2>This host carries \(capacity.calls) calls</h2>",
            "<p>More than that: \(FigurePage.escaped(capacity.limitedBy)).</p>",
            table(
                .init(
                    head: ["calls", "run", "core", "per call-frame", "gap p99.9", "generator late p99", "why"],
                    rows: rows)),
            Plots.cost(search.runs.map(\.report)).svg,
            Plots.gaps(search.runs.map(\.report), limit: capacity.gapLimitMilliseconds * 1_000).svg,
        ]
    }

    private static func table(_ table: BenchText.Table) -> String { FigurePage.table(table.head, table.rows) }

    private static func day(_ date: Date) -> String {
        date.ISO8601Format()
    }
}
