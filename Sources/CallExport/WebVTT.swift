import Foundation
public import TurnStore

/// A call as subtitles for its recording.
///
/// - Source: W3C WebVTT, sections 4.1 (file structure) and 4.2.2 (cue text; `&`, `<` and `>` are escaped).
public enum WebVTT {
    /// A cue for each turn with words, in order of its beginning. Cues of both speakers may overlap, as voices do.
    public static func text(of call: StoredCall) -> String {
        var blocks = ["WEBVTT"]
        let turns = call.turns.filter { !$0.text.isEmpty }
        let ordered = turns.sorted {
            ($0.startedAtMilliseconds, $0.index) < ($1.startedAtMilliseconds, $1.index)
        }
        for turn in ordered {
            // A cue ends after it begins, or a player drops it.
            let end = max(CallTime.end(of: turn, in: call), turn.startedAtMilliseconds + 1)
            blocks.append(
                """
                \(turn.index + 1)
                \(timestamp(turn.startedAtMilliseconds)) --> \(timestamp(end))
                <v \(escaped(CallTime.name(of: turn)))>\(escaped(turn.text))
                """)
        }
        return blocks.joined(separator: "\n\n") + "\n"
    }

    static func timestamp(_ milliseconds: Int64) -> String {
        let time = max(0, milliseconds)
        return String(
            format: "%02lld:%02lld:%02lld.%03lld", time / 3_600_000, time / 60_000 % 60, time / 1_000 % 60, time % 1_000
        )
    }

    /// An empty line would end the cue, so lines are joined.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.split(whereSeparator: \.isNewline).joined(separator: " ") {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
