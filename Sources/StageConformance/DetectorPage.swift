import FigurePage
import Foundation

/// Reports of one detector or several as a page: tables, operating curves, what each takes, and how each hears a call.
public struct DetectorPage {
    private let reports: [ConformanceReport]

    public init(_ reports: [ConformanceReport]) { self.reports = reports }

    public var html: String {
        let texts = reports.map(DetectorText.init)
        var body = ["<h1>Voice detectors</h1>"]
        body.append(FigurePage.table(DetectorText.summaryHead, texts.map(\.summaryRow)))
        if reports.contains(where: { !$0.isLost }) { body += [curves.svg, costs.svg] }
        for (report, text) in zip(reports, texts) {
            body.append("<h2>\(FigurePage.escaped(text.title))</h2>")
            body.append("<ul>\(text.verdict.map { "<li>\(FigurePage.escaped($0))</li>" }.joined())</ul>")
            if report.isLost { continue }
            body.append(FigurePage.table(DetectorText.costHead, [text.costRow]))
            body.append(FigurePage.table(DetectorText.scoreHead, text.scoreRows))
            body.append(Self.sample(report).svg)
        }
        return FigurePage.html(
            title: "media-bridge check-stage: \(reports.map(\.name).joined(separator: ", "))", body: body)
    }

    private var curves: Plot {
        let lines = reports.enumerated().compactMap { index, report -> Plot.Line? in
            guard let curve = report.curve else { return nil }
            return Plot.Line(
                name: "\(report.name) \(String(format: "%.3f", curve.area))", style: index % 6,
                points: curve.points.map { (x: $0.falseAlarms * 100, y: $0.found * 100) })
        }
        return Plot(
            title: "Speech found, against what is called speech and is none, at every threshold",
            xLabel: "false speech, % of frames", yLabel: "speech found, % of frames", lines: lines)
    }

    private var costs: Plot {
        let lines = reports.filter { !$0.isLost }.enumerated().map { index, report in
            Plot.Line(
                name: report.name, style: index % 6,
                points: zip([2.0, 10, 100, 1_000, 10_000], report.spent.steps).map { (x: $0, y: Double($1) / 1_000) })
        }
        return Plot(
            title: "What a window takes", xLabel: "one window in", yLabel: "us and more", xKind: .logarithmic,
            yKind: .logarithmic, lines: lines)
    }

    /// Over each other: the probability, the decision at 1.1, the truth at 1.2.
    private static func sample(_ report: ConformanceReport) -> Plot {
        func scatter(_ name: String, _ style: Int, _ height: Double, _ isShown: (ConformanceReport.SamplePoint) -> Bool)
            -> Plot.Line
        {
            Plot.Line(
                name: name, style: style,
                points: report.sample.enumerated().filter { isShown($0.element) }.map {
                    (x: Double($0.offset) * 0.02, y: height)
                }, isScattered: true)
        }
        return Plot(
            title: "\(report.name) over `\(report.calls.first?.name ?? "")`", xLabel: "s", yLabel: "probability",
            lines: [
                Plot.Line(
                    name: "probability", style: 0,
                    points: report.sample.enumerated().map {
                        (x: Double($0.offset) * 0.02, y: Double($0.element.probability))
                    }),
                scatter("decision", 1, 1.1) { $0.isSpeech }, scatter("truth", 2, 1.2) { $0.truth == true },
            ])
    }
}
