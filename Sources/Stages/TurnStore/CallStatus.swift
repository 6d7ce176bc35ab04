/// A call's status in the carrier's words, and the one table of how it may move.
///
/// The table is `sources`; docs/CALL_STATE_MACHINE.md shows it, a trigger of the database repeats it, and tests compare
/// the three.
public enum CallStatus: String, Sendable, Hashable, CaseIterable {
    case queued, ringing
    /// Answered.
    case inProgress = "in-progress"
    case completed, busy, failed
    case noAnswer = "no-answer"
    case canceled

    /// From where this one may be entered. Nothing moves back, and nothing leaves a final one.
    public var sources: [CallStatus] {
        switch self {
        case .queued: []
        case .ringing: [.queued]
        case .inProgress: [.queued, .ringing]
        case .completed, .failed, .canceled: [.queued, .ringing, .inProgress]
        case .busy, .noAnswer: [.queued, .ringing]
        }
    }

    /// Nothing comes after it.
    public var isFinal: Bool {
        switch self {
        case .queued, .ringing, .inProgress: false
        case .completed, .busy, .failed, .noAnswer, .canceled: true
        }
    }

    /// The first word about a call may be any: a carrier need not tell, and what it tells may come in any order.
    public static func allows(_ from: CallStatus?, _ to: CallStatus) -> Bool {
        from.map { to.sources.contains($0) } ?? true
    }
}
