import Foundation
public import TurnStore

/// A call as subtitles for its recording.
///
/// - Source: W3C WebVTT, sections 4.1 (file structure) and 4.2.2 (cue text; `&`, `<` and `>` are escaped).
public enum WebVTT {
    /// A cue for each turn with words, or for each piece of the recording's text when that is the one that holds; in order
    /// of their beginning. Cues of both speakers may overlap, as voices do.
    public static func text(of call: StoredCall) -> String {
        let cues = cues(of: call).filter { !$0.text.isEmpty }
            .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        let blocks = cues.enumerated().map { index, cue in
            // A cue ends after it begins, or a player drops it.
            """
            \(index + 1)
            \(timestamp(cue.start)) --> \(timestamp(max(cue.end, cue.start + 1)))
            <v \(escaped(CallTime.name(cue.speaker)))>\(escaped(cue.text))
            """
        }
        return (["WEBVTT"] + blocks).joined(separator: "\n\n") + "\n"
    }

    private static func cues(of call: StoredCall) -> [(start: Int64, end: Int64, speaker: String, text: String)] {
        if let transcript = call.transcript, transcript.holdsInstead {
            return transcript.lines.map {
                ($0.startMilliseconds, $0.endMilliseconds ?? $0.startMilliseconds, $0.speaker, $0.text)
            }
        }
        return call.turns.map { ($0.startedAtMilliseconds, CallTime.end(of: $0, in: call), $0.speaker, $0.text) }
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
