public import TurnStore

/// A call as lines of plain text, for reading and for searching.
public enum CallText {
    /// Ends with a line feed. Names no telephone number.
    public static func text(of call: StoredCall) -> String {
        var lines = ["call \(call.id), tenant \(call.tenant), \(call.direction)"]
        lines.append("started \(CallTime.dateAndTime(call.startedAtUnixMilliseconds))")
        if let ended = call.endedAtUnixMilliseconds {
            let length = CallTime.clock(ended - call.startedAtUnixMilliseconds)
            lines.append("ended after \(length)" + (call.endReason.map { ", \($0)" } ?? ""))
        }
        lines.append("")
        for turn in call.turns {
            let words = turn.text.isEmpty ? "(\(CallTime.absence(of: turn)))" : oneLine(turn.text)
            let cut = turn.interruptedAtMilliseconds.map { " [interrupted at \(CallTime.clock($0))]" } ?? ""
            lines.append("[\(CallTime.clock(turn.startedAtMilliseconds))] \(CallTime.name(of: turn)): \(words)\(cut)")
        }
        if let transcript = call.transcript, transcript.holdsInstead {
            lines += ["", "The recording was heard again, and its text holds:"]
            for line in transcript.lines {
                lines.append(
                    "[\(CallTime.clock(line.startMilliseconds))] \(CallTime.name(line.speaker)): \(oneLine(line.text))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One turn, one line: what is told apart by lines must not hold any.
    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
