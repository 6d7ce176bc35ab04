/// Classic bugs of voice agents, put back one by one so that a test can show that the simulator finds each. Nothing but
/// that test sets one.
package struct ConversationDefects: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Deltas of a cancelled response are played after the clear (S32).
    package static let playsStaleDeltas = Self(rawValue: 1 << 0)
    /// `response.done` of an old response ends the new one (S33).
    package static let oldDoneEndsNew = Self(rawValue: 1 << 1)
    /// A reconnected session greets again (S56).
    package static let greetsAgain = Self(rawValue: 1 << 2)
    /// What was received is truncated at, not what was heard (S27).
    package static let truncatesBeyondSent = Self(rawValue: 1 << 3)
    /// Timers are not cleared when the call is hung up (S55).
    package static let timersOutlive = Self(rawValue: 1 << 4)
    /// A turn is answered although a response is active (S22).
    package static let answersTwice = Self(rawValue: 1 << 5)
    /// A mark that a clear echoed proves its audio heard (S37).
    package static let believesClearedMarks = Self(rawValue: 1 << 6)
    /// A repeated event runs the tool again (S42).
    package static let runsToolsTwice = Self(rawValue: 1 << 7)
    /// Hangs up when the goodbye was sent, not when it was heard (S46).
    package static let hangsUpEarly = Self(rawValue: 1 << 8)
    /// What a clear throws away is not written down (R1).
    package static let ledgerLeaks = Self(rawValue: 1 << 9)

    /// Each by its name.
    package static let all: [(name: String, defect: Self)] = [
        ("stale deltas after a clear", .playsStaleDeltas), ("done of an old id ends the new response", .oldDoneEndsNew),
        ("greets again after a reconnect", .greetsAgain), ("truncates beyond what was sent", .truncatesBeyondSent),
        ("timers of a dead call", .timersOutlive), ("a turn answered twice", .answersTwice),
        ("marks echoed by a clear count as heard", .believesClearedMarks), ("a tool run twice", .runsToolsTwice),
        ("hung up before the goodbye was heard", .hangsUpEarly), ("the ledger leaks", .ledgerLeaks),
    ]
}
