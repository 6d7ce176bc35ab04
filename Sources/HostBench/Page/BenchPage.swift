import LoadGenerator
import Configuration
import Foundation

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
        var body = ["<h1>Frame budget</h1>", "<p>\(escaped(text.place))<br>\(escaped(Self.day(report.date)))</p>"]
        if let search { body += Self.sections(search) }
        body.append("<h2>\(escaped(text.title))</h2>")
        if report.load.isVoid {
            body.append("<p class=\"void\">This run is void: \(escaped(report.load.void.joined(separator: "; ")))</p>")
        }
        body.append("<ul>\(text.lines.map { "<li>\(escaped($0))</li>" }.joined())</ul>")
        body += [Self.table(text.stages), Self.table(text.callers)]
        body += [distribution, timeline].map(\.svg)
        if search == nil, !report.load.isVoid { body.append(Plots.cost([report]).svg) }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>media-bridge bench: \(escaped(text.title))</title>
            <style>\(Self.style)</style></head>
            <body>
            \(body.joined(separator: "\n"))
            </body></html>

            """
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
            "<p>More than that: \(escaped(capacity.limitedBy)).</p>",
            table(
                .init(
                    head: ["calls", "run", "core", "per call-frame", "gap p99.9", "generator late p99", "why"],
                    rows: rows)),
            Plots.cost(search.runs.map(\.report)).svg,
            Plots.gaps(search.runs.map(\.report), limit: capacity.gapLimitMilliseconds * 1_000).svg,
        ]
    }

    private static func table(_ table: BenchText.Table) -> String {
        let head = table.head.map { "<th>\(escaped($0))</th>" }.joined()
        let rows = table.rows.map { "<tr>\($0.map { "<td>\(escaped($0))</td>" }.joined())</tr>" }
        return "<table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
    }

    private static func day(_ date: Date) -> String {
        date.ISO8601Format()
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c2126;--soft:#68727d;--rule:#d8dde2;--paper:#fff}
        @media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#98a2ac;--rule:#343b42;--paper:#14181c}}
        body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1120px;margin:2em auto;padding:0 1em}
        table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
        th,td{padding:.2em .7em;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
        th:first-child,td:first-child{text-align:left;white-space:pre}
        figure{margin:1.5em 0}figcaption{font-weight:600}svg{width:100%;height:auto}
        svg text{font-size:11px;fill:var(--soft)}svg .mid{text-anchor:middle}svg .end{text-anchor:end}
        svg .grid{stroke:var(--rule)}svg line.limit{stroke:#c0392b;stroke-dasharray:5 4}svg text.limit{fill:#c0392b}
        polyline{fill:none;stroke-width:1.6}
        .c0{stroke:#2471a3}.c1{stroke:#d35400}.c2{stroke:#1e8449}.c3{stroke:#7d3c98}.c4{stroke:#b7950b}.c5{stroke:#717d7e}
        circle.c0{fill:#2471a3}circle.c1{fill:#d35400}circle.c2{fill:#1e8449}circle.c3{fill:#7d3c98}circle.c4{fill:#b7950b}circle.c5{fill:#717d7e}
        .void{color:#c0392b;font-weight:600}
        """
}
