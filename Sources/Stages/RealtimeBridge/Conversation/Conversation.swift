/// A call as a pure state machine: events in, actions out, no socket, no clock, no store.
public struct Conversation: ~Copyable {
    public init(policy: ConversationPolicy, prompt: SessionPrompt) {}

    /// Shard thread. Everything that can happen comes through here; `actions` is appended to.
    public mutating func handle(
        _ event: borrowing ConversationEvent, at now: CallInstant, into actions: inout ActionList
    ) {}

    /// Shard thread, once per audio delta: is this audio still wanted, and as part of which item?
    public mutating func admit(response: WireID, item: WireID, at now: CallInstant) -> AudioVerdict {
        .drop(.notPlaying)
    }

    /// Shard thread: `samples` (at the carrier's rate) of `item` were queued in playout.
    public mutating func queued(_ item: PlayoutItem, samples: Int, at now: CallInstant) {}

    /// Shard thread: `samples` of `item` went to the carrier.
    public mutating func sent(_ item: PlayoutItem, samples: Int, at now: CallInstant) {}

    /// Shard thread, after each sent frame: the mark to send now, if one is due (every 200 ms and at an item's end).
    public mutating func dueMark(itemEnded: Bool) -> PlaybackMark? { nil }
}
