import Foundation
import TurnStore

/// How times and speakers are written, the same in every format.
enum CallTime {
    /// `01:02.3`, or `1:01:02.3` from an hour on.
    static func clock(_ milliseconds: Int64) -> String {
        let tenths = max(0, milliseconds) / 100
        let seconds = tenths / 10
        let text = String(format: "%02lld:%02lld.%lld", seconds / 60 % 60, seconds % 60, tenths % 10)
        return seconds >= 3_600 ? "\(seconds / 3_600):\(text)" : text
    }

    /// ISO 8601 in UTC: the same wherever it is read.
    static func dateAndTime(_ unixMilliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(unixMilliseconds) / 1_000).formatted(.iso8601)
    }

    static func name(of turn: StoredTurn) -> String { name(turn.speaker) }

    static func name(_ speaker: String) -> String {
        switch speaker {
        case "agent": "Agent"
        case "caller": "Caller"
        default: speaker
        }
    }

    /// Why a turn holds no words.
    static func absence(of turn: StoredTurn) -> String {
        turn.textSource == "failed" ? "not transcribed" : "no words"
    }

    /// Where a turn's sound ended, as far as is known: it may have been cut, and the last one may never have been closed.
    static func end(of turn: StoredTurn, in call: StoredCall) -> Int64 {
        let known = turn.endedAtMilliseconds ?? turn.interruptedAtMilliseconds
        let length = call.endedAtUnixMilliseconds.map { $0 - call.startedAtUnixMilliseconds }
        return max(turn.startedAtMilliseconds, known ?? length ?? turn.startedAtMilliseconds)
    }
}

extension StoredTranscript {
    /// The text from the recording holds, in place of what came during the call.
    var holdsInstead: Bool { source == "recording" && !lines.isEmpty }
}
