import Conversation
public import TurnStore

/// A carrier's words about a call's status. What may follow what is `CallStatus.sources`.
public enum CallStatusMachine {
    /// Nil for a word nobody told us about, which changes nothing.
    public static func status(named name: String) -> CallStatus? {
        switch name {
        case "initiated": .queued
        case "answered": .inProgress
        case "cancelled": .canceled
        default: CallStatus(rawValue: name)
        }
    }

    /// `CallDuration` and `DialCallDuration`, in seconds. Never `Duration`: that is the carrier's bill, in minutes, begun
    /// ones counted whole.
    static func seconds(_ text: String?) -> Int64? {
        text.flatMap { Int64($0) }.flatMap { (0...longestSeconds).contains($0) ? $0 : nil }
    }

    /// A week: what is longer is no call's length.
    private static let longestSeconds: Int64 = 604_800

    /// `Direction` in Twilio's words: `inbound`, `outbound-api`, `outbound-dial`. Nil for anything else.
    static func direction(named name: String?) -> CallDirection? {
        guard let name else { return nil }
        return name == "inbound" ? .inbound : name.hasPrefix("outbound") ? .outbound : nil
    }
}
