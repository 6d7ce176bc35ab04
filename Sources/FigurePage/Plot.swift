import Foundation

/// Lines over two axes, as SVG text without scripts. Each point says its values when it is pointed at.
package struct Plot {
    package struct Line {
        package var name: String
        /// A class of the page's style: `c0` ... `c5`.
        package var style: Int
        package var points: [(x: Double, y: Double)]
        /// Points alone, where a line would join what does not belong together.
        package var isScattered = false

        package init(name: String, style: Int, points: [(x: Double, y: Double)], isScattered: Bool = false) {
            (self.name, self.style, self.points, self.isScattered) = (name, style, points, isScattered)
        }
    }
    /// A limit across the whole plot.
    package struct Limit {
        package var y: Double
        package var label: String

        package init(y: Double, label: String) { (self.y, self.label) = (y, label) }
    }

    package var title: String
    package var xLabel: String
    package var yLabel: String
    package var xKind = PlotScale.Kind.linear
    package var yKind = PlotScale.Kind.linear
    package var lines: [Line]
    package var limits: [Limit] = []
    /// Beside the plot; nil: every line's own name.
    package var legend: [(name: String, style: Int)]?
    /// How a value of an axis is written.
    package var xText: (Double) -> String = Plot.text
    package var yText: (Double) -> String = Plot.text

    package init(
        title: String, xLabel: String, yLabel: String, xKind: PlotScale.Kind = .linear, yKind: PlotScale.Kind = .linear,
        lines: [Line], limits: [Limit] = [], legend: [(name: String, style: Int)]? = nil,
        xText: @escaping (Double) -> String = Plot.text,
        yText: @escaping (Double) -> String = Plot.text
    ) {
        (self.title, self.xLabel, self.yLabel, self.xKind, self.yKind) = (title, xLabel, yLabel, xKind, yKind)
        (self.lines, self.limits, self.legend, self.xText, self.yText) = (lines, limits, legend, xText, yText)
    }

    private static let width = 720.0, height = 320.0
    private static let left = 70.0, right = 150.0, top = 16.0, bottom = 46.0

    package static func text(_ value: Double) -> String {
        let rounded = (value * 1_000).rounded() / 1_000
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }

    package var svg: String {
        let points = lines.flatMap(\.points)
        let x = PlotScale(xKind, covering: points.map(\.x))
        let y = PlotScale(yKind, covering: points.map(\.y) + limits.map(\.y))
        func horizontal(_ value: Double) -> Double {
            Self.left + x.position(value) * (Self.width - Self.left - Self.right)
        }
        func vertical(_ value: Double) -> Double {
            Self.height - Self.bottom - y.position(value) * (Self.height - Self.top - Self.bottom)
        }
        let end = Self.width - Self.right
        let base = Self.height - Self.bottom
        var parts = [
            "<figure><figcaption>\(FigurePage.escaped(title))</figcaption>",
            "<svg viewBox=\"0 0 \(Self.number(Self.width)) \(Self.number(Self.height))\" role=\"img\" aria-label=\"\(FigurePage.escaped(title))\">",
        ]
        for tick in y.ticks {
            let height = Self.number(vertical(tick))
            parts.append(
                "<line class=\"grid\" x1=\"\(Self.number(Self.left))\" x2=\"\(Self.number(end))\" y1=\"\(height)\" y2=\"\(height)\"/>"
                    + "<text class=\"end\" x=\"\(Self.number(Self.left - 6))\" y=\"\(Self.number(vertical(tick) + 4))\">\(FigurePage.escaped(yText(tick)))</text>"
            )
        }
        for tick in x.ticks {
            parts.append(
                "<text class=\"mid\" x=\"\(Self.number(horizontal(tick)))\" y=\"\(Self.number(base + 16))\">\(FigurePage.escaped(xText(tick)))</text>"
            )
        }
        parts.append(
            "<text class=\"mid\" x=\"\(Self.number((Self.left + end) / 2))\" y=\"\(Self.number(Self.height - 8))\">\(FigurePage.escaped(xLabel))</text>"
                + "<text class=\"mid\" transform=\"translate(14 \(Self.number((Self.top + base) / 2))) rotate(-90)\">\(FigurePage.escaped(yLabel))</text>"
        )
        for limit in limits {
            let height = Self.number(vertical(limit.y))
            parts.append(
                "<line class=\"limit\" x1=\"\(Self.number(Self.left))\" x2=\"\(Self.number(end))\" y1=\"\(height)\" y2=\"\(height)\"/>"
                    + "<text class=\"limit\" x=\"\(Self.number(Self.left + 6))\" y=\"\(Self.number(vertical(limit.y) - 4))\">\(FigurePage.escaped(limit.label))</text>"
            )
        }
        for line in lines {
            let places = line.points.map { (Self.number(horizontal($0.x)), Self.number(vertical($0.y))) }
            if !line.isScattered, places.count > 1 {
                let path = places.map { "\($0.0),\($0.1)" }.joined(separator: " ")
                parts.append("<polyline class=\"c\(line.style)\" points=\"\(path)\"/>")
            }
            for (place, point) in zip(places, line.points) {
                let values = "\(line.name): \(xText(point.x)), \(yText(point.y))"
                parts.append(
                    "<circle class=\"c\(line.style)\" cx=\"\(place.0)\" cy=\"\(place.1)\" r=\"2.5\"><title>\(FigurePage.escaped(values))</title></circle>"
                )
            }
        }
        for (index, entry) in (legend ?? lines.map { (name: $0.name, style: $0.style) }).enumerated() {
            let height = Self.top + 8 + Double(index) * 18
            parts.append(
                "<circle class=\"c\(entry.style)\" cx=\"\(Self.number(end + 12))\" cy=\"\(Self.number(height))\" r=\"4\"/>"
                    + "<text x=\"\(Self.number(end + 22))\" y=\"\(Self.number(height + 4))\">\(FigurePage.escaped(entry.name))</text>"
            )
        }
        parts.append("</svg></figure>")
        return parts.joined(separator: "\n")
    }

    private static func number(_ value: Double) -> String { text((value * 10).rounded() / 10) }
}
