import Foundation
public import TurnStore

/// A call as one HTML page that needs nothing else: the waveform of both voices, who said what and when, what was cut,
/// the holes, and where the time before each answer went.
///
/// Everything is drawn when the page is made; without scripts it only cannot play. It asks for nothing over the network
/// and forbids itself to, for it holds what two people said. Names no telephone number.
public struct CallPage {
    /// A recording inside the page.
    public struct Audio {
        /// `audio/wav` or `audio/ogg`.
        public var type: String
        public var bytes: [UInt8]
        public init(type: String, bytes: [UInt8]) { (self.type, self.bytes) = (type, bytes) }
    }

    private let call: StoredCall
    private let timeline: Timeline
    private let audio: Audio?

    /// - Parameters:
    ///   - waveform: nil when there is no recording, or none that can be read.
    ///   - audio: nil leaves the sound out of the page.
    public init(_ call: StoredCall, waveform: Waveform?, audio: Audio? = nil) {
        self.call = call
        self.audio = audio
        timeline = Timeline(call, waveform: waveform)
    }

    public var html: String {
        let title = "Call \(call.id)"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
            script-src 'unsafe-inline'; media-src data:">
            <title>\(Markup.escaped(title))</title>
            <style>\(PageStyle.css)</style>
            </head>
            <body>
            <header>
            <h1>\(Markup.escaped(title))</h1>
            <dl>\(facts)</dl>
            \(player)</header>
            <section aria-label="Timeline">
            \(timeline.legend)
            <div class="timeline">\(timeline.svg)</div>
            </section>
            <section>
            <h2>What was said</h2>
            \(turns)</section>
            \(heardAgain)\(holes)\(audio == nil ? "" : "<script>\(PageStyle.script)</script>\n")</body>
            </html>

            """
    }

    // MARK: Parts

    private var facts: String {
        var facts = [
            ("Tenant", call.tenant), ("Direction", call.direction),
            ("Started", CallTime.dateAndTime(call.startedAtUnixMilliseconds)),
        ]
        if let ended = call.endedAtUnixMilliseconds {
            facts.append(("Length", CallTime.clock(ended - call.startedAtUnixMilliseconds)))
        }
        if let reason = call.endReason { facts.append(("Ended", reason)) }
        if let status = call.status { facts.append(("Carrier's status", status)) }
        if let hash = call.promptHash { facts.append(("Prompt", hash)) }
        if let usage = call.usage, usage.costMicros > 0 {
            let cost = String(format: "%.4f", Double(usage.costMicros) / 1_000_000)
            facts.append(("Cost", "\(cost) \(usage.currency)"))
        }
        return facts.map { "<div><dt>\($0.0)</dt><dd>\(Markup.escaped($0.1))</dd></div>" }.joined()
    }

    private var player: String {
        guard let audio else { return "" }
        let data = Data(audio.bytes).base64EncodedString()
        return "<audio controls preload=\"metadata\" src=\"data:\(audio.type);base64,\(data)\"></audio>\n"
    }

    private var turns: String {
        guard !call.turns.isEmpty else { return "<p>Nobody said anything.</p>\n" }
        let scale = call.turns.compactMap(\.latency?.heard).max() ?? 0
        return (scale > 0 ? LatencyFigure.legend : "") + "<ol class=\"turns\">\n"
            + call.turns.map { row($0, scale: scale) }.joined() + "</ol>\n"
    }

    private func row(_ turn: StoredTurn, scale: Int64) -> String {
        var remarks: [String] = []
        if let cut = turn.interruptedAtMilliseconds {
            let silence = turn.interruptionMilliseconds.map { ", silent \($0) ms after the caller began" } ?? ""
            remarks.append("interrupted at \(CallTime.clock(cut))\(silence)")
        }
        if turn.textSource == "estimated" { remarks.append("heard words estimated") }
        if turn.interruptedAtMilliseconds != nil, !turn.plannedText.isEmpty, turn.plannedText != turn.text {
            remarks.append("meant to say: \(turn.plannedText)")
        }
        if turn.holes > 0 { remarks.append("\(turn.holes) holes, \(turn.holeMilliseconds) ms") }
        let words =
            turn.text.isEmpty
            ? "<i>\(CallTime.absence(of: turn))</i>" : Markup.escaped(turn.text)
        let side = turn.speaker == "agent" ? "agent" : "caller"
        return """
            <li class="\(side)" data-at="\(turn.startedAtMilliseconds)">
            <span class="time">\(CallTime.clock(turn.startedAtMilliseconds))</span>
            <span class="who">\(Markup.escaped(CallTime.name(of: turn)))</span>
            <div class="words"><p dir="auto">\(words)</p>\
            \(remarks.map { "<p class=\"remark\" dir=\"auto\">\(Markup.escaped($0))</p>" }.joined())\
            \(turn.latency.map { LatencyFigure($0, scale: scale).html } ?? "")</div>
            </li>

            """
    }

    /// The text that the policy has put in place of what came during the call.
    private var heardAgain: String {
        guard let transcript = call.transcript, transcript.holdsInstead else { return "" }
        let rows = transcript.lines.map { line in
            """
            <li class="\(line.speaker == "agent" ? "agent" : "caller")" data-at="\(line.startMilliseconds)">
            <span class="time">\(CallTime.clock(line.startMilliseconds))</span>
            <span class="who">\(Markup.escaped(CallTime.name(line.speaker)))</span>
            <div class="words"><p dir="auto">\(Markup.escaped(line.text))</p></div>
            </li>

            """
        }
        return """
            <section>
            <h2>From the recording: the text that holds</h2>
            <p class="remark">\(Markup.escaped(transcript.reason ?? ""))</p>
            <ol class="turns">
            \(rows.joined())</ol>
            </section>

            """
    }

    private var holes: String {
        guard !call.holes.isEmpty else { return "" }
        let rows = call.holes.map { hole in
            "<tr><td>\(CallTime.clock(hole.endedAtMilliseconds))</td><td>\(hole.heardMilliseconds) ms</td>"
                + "<td>\(hole.gapMilliseconds) ms</td><td>\(Markup.escaped(hole.because))</td></tr>"
        }
        return """
            <section>
            <h2>Holes in the agent's speech</h2>
            <table><thead><tr><th>Until</th><th>Heard</th><th>Nothing sent</th><th>Because</th></tr></thead>
            <tbody>\(rows.joined())</tbody></table>
            </section>

            """
    }
}
