public import TurnStore

/// What had happened to a call before this process heard of it: a service that was killed and started again must not
/// begin a call over that the carrier brings back (R4, R5).
///
/// Read from the store when the call is announced, before its stream is let in: the frame path never waits for it.
public struct CallHistory: Sendable, Equatable {
    public var wasGreeted = false
    /// "This call is recorded" was said.
    public var heardNotice = false
    public var wasHungUp = false
    /// Of the call's start, when it began before; what it was is then continued.
    public var startedAtUnixMilliseconds: Int64?
    /// Turns and holes that the store has: this process's come after them.
    public var turns = 0
    public var holes = 0

    public init() {}

    /// The call was up in another process.
    public var isResumed: Bool { startedAtUnixMilliseconds != nil }

    init(facts: [OnceFact: Int64], call: StoredCall?) {
        wasGreeted = facts[.greeted] != nil
        heardNotice = facts[.noticeSpoken] != nil
        wasHungUp = facts[.hungUp] != nil
        // Announced is not begun: only a call that had its stream is continued.
        guard let call, call.stream != nil else { return }
        startedAtUnixMilliseconds = call.startedAtUnixMilliseconds
        turns = (call.turns.map(\.index).max() ?? -1) + 1
        holes = call.holes.count
    }

    /// Waits for the disk; never on a loop.
    /// - Returns: nil when the store cannot be read.
    public static func read(of id: String, in store: TurnStore) -> (history: CallHistory, call: StoredCall?)? {
        do throws(StoreError) {
            let call = try store.call(id)
            return (CallHistory(facts: try store.facts.of(call: id), call: call), call)
        } catch { return nil }
    }
}
