import Foundation
import TurnStore

/// Where the time before one answer went: a bar whose parts add up to what the caller waited.
struct LatencyFigure {
    private let latency: StoredLatency
    /// Microseconds at the right end of the bar; the same for all turns of a call, so that bars compare.
    private let scale: Int64

    init(_ latency: StoredLatency, scale: Int64) { (self.latency, self.scale) = (latency, scale) }

    static let legend =
        "<p class=\"legend\">" + StoredLatency.partNames.map { "<span class=\"key \($0)\">\($0)</span>" }.joined()
        + "</p>\n"

    var html: String {
        guard latency.heard > 0, scale > 0 else { return "" }
        let bars = latency.parts.filter { $0.microseconds > 0 }.map { part in
            let share = String(format: "%.2f", Double(part.microseconds) * 100 / Double(scale))
            return "<span class=\"\(part.name)\" style=\"width:\(share)%\" "
                + "title=\"\(part.name) \(StoredLatency.milliseconds(part.microseconds)) ms\"></span>"
        }
        return "<div class=\"latency\"><div class=\"bar\">\(bars.joined())</div>"
            + "<p class=\"remark\">\(latency.sentence)</p></div>"
    }
}
