import Foundation
import FoundationXML
import HostBench
import LoadGenerator
import Testing

@Suite struct `Bench page` {
    /// What stands between the first `<svg` and its end, and so on.
    private func drawings(_ html: String) -> [String] {
        html.components(separatedBy: "<svg ").dropFirst().map {
            "<svg " + ($0.components(separatedBy: "</svg>").first ?? "") + "</svg>"
        }
    }

    @Test func `stands alone, and its drawings are XML`() throws {
        let html = BenchPage(FakeHost().report(BenchPlan(calls: 400))).html
        for word in ["<script", "http", "src=", "@import", "url("] { #expect(!html.contains(word), "\(word)") }
        let drawings = drawings(html)
        #expect(drawings.count == 3)
        for drawing in drawings {
            let parser = XMLParser(data: Data(drawing.utf8))
            #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
            for word in ["nan", "inf"] { #expect(!drawing.contains("\"\(word)"), "\(word)") }
        }
        // Names of a host are text.
        #expect(html.contains("a&lt;b: Fake &amp; Sons") && !html.contains("a<b"))
        #expect(html.contains("400 calls, passthrough, energy-echo, plain sockets, 20 s measured"))
    }

    @Test func `a search's page has the cost of each number of calls, without void runs`() throws {
        let host = FakeHost(generatorLateAt: 700)
        let level = ServiceLevel()
        let runs = [100, 500, 700].map { calls in
            let report = host.report(BenchPlan(calls: calls))
            return CapacityReport.Run(report, level.verdict(of: report))
        }
        let html = BenchPage(
            CapacityReport(calls: 500, limitedBy: "the <generator>", runs: runs, level: level, date: Date())
        ).html
        #expect(html.contains("This host carries 500 calls") && html.contains("the &lt;generator&gt;"))
        let drawings = drawings(html)
        #expect(drawings.count == 4)
        let cost = try #require(drawings.first)
        #expect(cost.components(separatedBy: "<title>").count - 1 == 2, "two runs of three")
        #expect(html.contains("<td>void</td>"))
    }

    @Test func `nothing measured is an empty page and no trap`() {
        var report = FakeHost().report(BenchPlan(calls: 1))
        (report.stages, report.timeline, report.load.process) = ([], [], nil)
        report.load.void = ["callers heard nothing"]
        #expect(BenchPage(report).html.contains("This run is void: callers heard nothing"))
    }
}
