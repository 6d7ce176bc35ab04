import FigurePage

/// A comparison as a page: the table, and for each call what every detector heard, one line above the other.
public struct ComparisonPage {
    private let comparison: DetectorComparison

    public init(_ comparison: DetectorComparison) { self.comparison = comparison }

    public var html: String {
        var body = ["<h1>Voice detectors over recorded calls</h1>"]
        body.append(FigurePage.table(DetectorComparison.head, comparison.rows))
        body += comparison.calls.map { lanes($0).svg }
        return FigurePage.html(
            title: "media-bridge evaluate: \(comparison.detectors.joined(separator: ", "))", body: body)
    }

    private func lanes(_ call: DetectorComparison.Call) -> Plot {
        let lines = call.hearings.enumerated().flatMap { index, hearing in
            let height = Double(comparison.detectors.count - index)
            return hearing.runs.map { run in
                Plot.Line(
                    name: hearing.detector, style: index % 6,
                    points: [(x: Double(run[0]) / 50, y: height), (x: Double(run[1]) / 50, y: height)])
            }
        }
        return Plot(
            title: "\(call.name): what each took for speech", xLabel: "s", yLabel: "detector", lines: lines,
            legend: call.hearings.enumerated().map { (name: $1.detector, style: $0 % 6) },
            yText: { _ in "" })
    }
}
