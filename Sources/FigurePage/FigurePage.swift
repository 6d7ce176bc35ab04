/// Tables and plots as one page: nothing from outside, no script.
package enum FigurePage {
    /// - Parameters:
    ///   - title: plain text.
    ///   - body: HTML, part after part.
    package static func html(title: String, body: [String]) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(escaped(title))</title>
        <style>\(style)</style></head>
        <body>
        \(body.joined(separator: "\n"))
        </body></html>

        """
    }

    package static func table(_ head: [String], _ rows: [[String]]) -> String {
        let head = head.map { "<th>\(escaped($0))</th>" }.joined()
        let rows = rows.map { "<tr>\($0.map { "<td>\(escaped($0))</td>" }.joined())</tr>" }
        return "<table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
    }

    /// Text that stands in HTML and in its attributes.
    package static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
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
