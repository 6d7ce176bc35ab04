/// Where the second session stands, the one that takes over before the first expires (S57). The table below is the only
/// way from one stage to another.
enum StandbyStage: String, Sendable, CaseIterable {
    /// None is wanted yet, or none can be had.
    case absent
    /// A try failed; the next one waits.
    case waiting
    case opening
    /// `session.update` is on its way; its echo is awaited.
    case configuring
    /// It knows the call so far and waits for a silence.
    case primed
}

enum StandbyTrigger: String, Sendable, CaseIterable {
    /// The session in use is old, or the wait after a failure is over.
    case renewalDue
    case standbyOpened
    /// Optional fields were refused: asked again without.
    case standbyRefused
    /// The echo is as ordered.
    case standbyConfirmed
    /// Refused, closed, too late, or not as ordered.
    case standbyFailed
    /// A silence, the end of a turn when it is late, or the session in use is lost: it takes over.
    case takenOver
    /// The call ends, or its session was lost before this one was ready.
    case notWanted
}

struct StandbyTransition: Equatable, Sendable {
    let stage: StandbyStage
    let trigger: StandbyTrigger
    let next: StandbyStage
}

/// docs/CALL_STATE_MACHINE.md shows the same rows. A trigger without a row does nothing.
enum StandbyTable {
    static let transitions: [StandbyTransition] = [
        row(.absent, .renewalDue, .opening),
        row(.waiting, .renewalDue, .opening),
        row(.waiting, .notWanted, .absent),
        row(.opening, .standbyOpened, .configuring),
        row(.opening, .standbyFailed, .waiting),
        row(.opening, .notWanted, .absent),
        row(.configuring, .standbyRefused, .configuring),
        row(.configuring, .standbyConfirmed, .primed),
        row(.configuring, .standbyFailed, .waiting),
        row(.configuring, .notWanted, .absent),
        row(.primed, .takenOver, .absent),
        row(.primed, .standbyFailed, .waiting),
        row(.primed, .notWanted, .absent),
    ]

    private static func row(_ stage: StandbyStage, _ trigger: StandbyTrigger, _ next: StandbyStage) -> StandbyTransition
    {
        StandbyTransition(stage: stage, trigger: trigger, next: next)
    }
}

/// The second session.
struct Standby {
    private(set) var stage = StandbyStage.absent
    var route = ModelRoute.preferred
    var sendsOptionalFields = true
    /// Addresses tried since the last wait.
    var tried = RouteSet()
    /// Tries that failed since it became due.
    var failures = 0
    /// Turns from this one on are not told yet.
    var firstUntold = 0
    /// When it will expire, as far as its echo said.
    var expiresAt: CallInstant?
    /// It has waited for a silence long enough.
    var isLate = false

    /// The only place where `stage` is written.
    /// - Returns: false when the table has no such row; then nothing was done.
    mutating func take(_ trigger: StandbyTrigger) -> Bool {
        for row in StandbyTable.transitions where row.stage == stage && row.trigger == trigger {
            stage = row.next
            return true
        }
        return false
    }
}
