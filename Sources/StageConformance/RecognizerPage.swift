import FigurePage

/// Reports of recognisers as a page: what each made of every utterance.
public struct RecognizerPage {
    private let reports: [RecognizerReport]

    public init(_ reports: [RecognizerReport]) { self.reports = reports }

    public var html: String {
        var body = ["<h1>Recognisers</h1>"]
        body.append(FigurePage.table(RecognizerReport.summaryHead, reports.map(\.summaryRow)))
        for report in reports {
            body.append("<h2>\(FigurePage.escaped(report.title))</h2>")
            body.append("<ul>\(report.verdict.map { "<li>\(FigurePage.escaped($0))</li>" }.joined())</ul>")
            body.append(FigurePage.table(RecognizerReport.head, report.rows))
        }
        return FigurePage.html(
            title: "media-bridge check-stage: \(reports.map(\.name).joined(separator: ", "))", body: body)
    }
}
