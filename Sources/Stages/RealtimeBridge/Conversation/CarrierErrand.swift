/// What the carrier can do with the call itself. For its time our stream is gone, and the call stays alive here.
public enum CarrierErrand: Sendable, Equatable {
    /// Connect the caller with a destination of the tenant's list, by its name.
    case transfer(to: String)
    /// Press these keys for the far end to hear.
    case sendDigits(String)

    /// The caller is told first.
    var isAnnounced: Bool { if case .transfer = self { true } else { false } }
}

/// What became of an errand, in the order in which it may be told: the carrier's answer, then the far end's.
public enum ErrandOutcome: String, Sendable, CaseIterable {
    /// The carrier has begun; it stops our stream.
    case accepted
    /// The carrier did not take it, or could not be reached: the stream goes on.
    case refused
    /// The person called has answered: the call is theirs.
    case answered
    /// Nobody was reached; the stream comes back.
    case busy, noAnswer, failed
    /// The caller did not wait.
    case callerHungUp
}

/// The errand of a call: one at a time.
struct Errand {
    enum Phase {
        /// What the agent has to say is still being said or heard.
        case announcing
        /// The carrier has been told.
        case ordered
        /// Nobody was reached, and the stream is on its way back.
        case returning
    }

    let what: CarrierErrand
    /// The tool call that asked for it; nil when the operator or the conversation did.
    let call: ToolCall?
    /// An operator's wish: announced, and not taken back by the caller.
    let isOperators: Bool
    var phase = Phase.announcing
    /// The caller has been told, or need not be.
    var isAnnounced: Bool
    /// The session that asked is gone: the outcome goes to the next one as a message.
    var isOrphan = false
    var isAccepted = false
    var isStreamGone = false
    var outcome: ErrandOutcome?

    init(_ what: CarrierErrand, call: ToolCall?, isOperators: Bool = false) {
        (self.what, self.call, self.isOperators) = (what, call, isOperators)
        isAnnounced = call == nil && !isOperators || !what.isAnnounced
    }
}
