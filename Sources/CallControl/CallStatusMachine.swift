public import TurnStore

/// The one table of how a call's status may move. Final stays final; nothing moves back.
public enum CallStatusMachine {
    /// From where `status` may be entered.
    public static func sources(of status: CallStatus) -> [CallStatus] {
        switch status {
        case .queued: []
        case .ringing: [.queued]
        case .inProgress: [.queued, .ringing]
        case .completed, .failed, .canceled: [.queued, .ringing, .inProgress]
        case .busy, .noAnswer: [.queued, .ringing]
        }
    }

    public static func allows(_ from: CallStatus?, _ to: CallStatus) -> Bool {
        from.map { sources(of: to).contains($0) } ?? true
    }

    /// A carrier's word for a status; nil for one nobody told us about, which changes nothing.
    public static func status(named name: String) -> CallStatus? {
        switch name {
        case "initiated": .queued
        case "answered": .inProgress
        case "cancelled": .canceled
        default: CallStatus(rawValue: name)
        }
    }

    /// The compare-and-set that a webhook asks for.
    static func change(to name: String?, by tenants: [String]) -> StatusChange? {
        name.flatMap(status(named:)).map { StatusChange(to: $0, allowedFrom: sources(of: $0), tenants: tenants) }
    }
}
