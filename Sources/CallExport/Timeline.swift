import Foundation
import TurnStore

/// Both voices over time, drawn as SVG: waveforms, turns, interruptions and holes on one clock.
struct Timeline {
    private static let pixelsPerSecond = 14.0
    private static let minimumWidth = 1_058.0
    /// Wider than this, seconds are drawn narrower: an hour must still be drawn by a browser.
    private static let maximumWidth = 30_000.0
    private static let laneHeight = 64.0
    private static let barHeight = 12.0
    private static let top = 22.0

    private let call: StoredCall
    private let waveform: Waveform?
    private let milliseconds: Int64
    private let width: Double

    init(_ call: StoredCall, waveform: Waveform?) {
        (self.call, self.waveform) = (call, waveform)
        let length = call.endedAtUnixMilliseconds.map { $0 - call.startedAtUnixMilliseconds } ?? 0
        let last = call.turns.map { CallTime.end(of: $0, in: call) }.max() ?? 0
        milliseconds = max(1_000, length, last, waveform?.milliseconds ?? 0)
        width = min(Self.maximumWidth, max(Self.minimumWidth, Double(milliseconds) / 1_000 * Self.pixelsPerSecond))
    }

    /// Columns that a waveform of this call is worth.
    static func columns(milliseconds: Int64) -> Int {
        Int(min(maximumWidth, max(minimumWidth, Double(milliseconds) / 1_000 * pixelsPerSecond)))
    }

    private var height: Double { Self.top + 2 * (Self.laneHeight + Self.barHeight) + 8 }
    private func x(_ time: Int64) -> Double { Double(time) / Double(milliseconds) * width }
    private func laneTop(_ channel: Int) -> Double { Self.top + Double(channel) * (Self.laneHeight + Self.barHeight) }

    var legend: String {
        """
        <p class="legend"><span class="key caller">caller</span><span class="key agent">agent</span>\
        <span class="key cut">interrupted</span><span class="key hole">hole</span></p>
        """
    }

    var svg: String {
        """
        <svg id="timeline" width="\(number(width))" height="\(number(height))" \
        viewBox="0 0 \(number(width)) \(number(height))" role="img" \
        aria-label="Waveforms and turns of \(CallTime.clock(milliseconds))" data-milliseconds="\(milliseconds)">
        \(axis)\(lane(0, "caller"))\(lane(1, "agent"))\(turns)\(holes)\(cuts)\
        <line id="playhead" class="playhead" x1="0" x2="0" y1="\(number(Self.top))" y2="\(number(height))"/>
        </svg>
        """
    }

    private var axis: String {
        let seconds = Double(milliseconds) / 1_000
        let wanted = 70 / (width / seconds)
        let step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].first { Double($0) >= wanted } ?? 600
        return stride(from: 0, through: Int(seconds), by: step).map { second in
            let place = number(x(Int64(second) * 1_000))
            let label = String(format: "%d:%02d", second / 60, second % 60)
            return "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(number(Self.top))\" "
                + "y2=\"\(number(height))\"/><text x=\"\(place)\" y=\"14\" class=\"tick\">\(label)</text>"
        }.joined()
    }

    private func lane(_ channel: Int, _ name: String) -> String {
        let middle = laneTop(channel) + Self.laneHeight / 2
        let rule =
            "<line class=\"rule\" x1=\"0\" x2=\"\(number(width))\" y1=\"\(number(middle))\" y2=\"\(number(middle))\"/>"
        guard let waveform, waveform.channels.indices.contains(channel) else { return rule }
        let outline = waveform.channels[channel]
        let half = Double(Self.laneHeight) / 2 - 2
        let end = x(waveform.milliseconds)
        func place(_ column: Int) -> String {
            number(Double(column) * end / Double(max(1, outline.highs.count)))
        }
        var points = outline.highs.indices.map { "\(place($0)),\(number(middle - Double(outline.highs[$0]) * half))" }
        points += outline.lows.indices.reversed().map {
            "\(place($0)),\(number(middle - Double(outline.lows[$0]) * half))"
        }
        return rule + "<polygon class=\"wave \(name)\" points=\"\(points.joined(separator: " "))\"/>"
    }

    private var turns: String {
        call.turns.map { turn in
            let channel = turn.speaker == "agent" ? 1 : 0
            let start = x(turn.startedAtMilliseconds)
            let length = max(2, x(CallTime.end(of: turn, in: call)) - start)
            let words = Markup.escaped(turn.text.isEmpty ? CallTime.absence(of: turn) : turn.text)
            return "<rect class=\"turn \(channel == 1 ? "agent" : "caller")\" x=\"\(number(start))\" "
                + "y=\"\(number(laneTop(channel) + Self.laneHeight))\" width=\"\(number(length))\" height=\"8\" rx=\"2\" "
                + "data-at=\"\(turn.startedAtMilliseconds)\"><title>\(CallTime.clock(turn.startedAtMilliseconds)) "
                + "\(Markup.escaped(CallTime.name(of: turn))): \(words)</title></rect>"
        }.joined()
    }

    private var holes: String {
        call.holes.map { hole in
            let length = max(hole.heardMilliseconds, hole.gapMilliseconds)
            let start = x(hole.endedAtMilliseconds - length)
            return "<rect class=\"hole\" x=\"\(number(start))\" y=\"\(number(laneTop(1)))\" "
                + "width=\"\(number(max(2, x(hole.endedAtMilliseconds) - start)))\" height=\"\(number(Self.laneHeight))\">"
                + "<title>a hole of \(length) ms until \(CallTime.clock(hole.endedAtMilliseconds))</title></rect>"
        }.joined()
    }

    private var cuts: String {
        call.turns.compactMap { turn in
            turn.interruptedAtMilliseconds.map { time in
                let place = number(x(time))
                return "<line class=\"cut\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(number(Self.top))\" "
                    + "y2=\"\(number(height))\"><title>interrupted at \(CallTime.clock(time))</title></line>"
            }
        }.joined()
    }

    /// Tenths of a pixel: enough, and a third of the bytes.
    private func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }
}
