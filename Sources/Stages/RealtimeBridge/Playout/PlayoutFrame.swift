public import Conversation

/// One 20 ms frame of agent audio, taken from one item.
public struct PlayoutFrame: Sendable, Equatable {
    public var item: PlayoutItem
    /// Bytes of the frame that are the agent's; the rest is silence. Less than a frame only at an item's end.
    public var audioBytes: Int
    /// The first frame of its item.
    public var isFirst: Bool
    /// The item is complete with this frame.
    public var isLast: Bool

    public init(item: PlayoutItem, audioBytes: Int, isFirst: Bool, isLast: Bool) {
        (self.item, self.audioBytes, self.isFirst, self.isLast) = (item, audioBytes, isFirst, isLast)
    }
}

/// What asking for the next frame gave.
public enum PlayoutPop: Sendable, Equatable {
    /// The frame is in the caller's span.
    case frame(PlayoutFrame)
    /// An item turned out to be complete after its last frame had left: nothing to send for it; ask again.
    case ended(PlayoutItem)
    /// The item goes on and its next frame is not there yet: the model is late.
    case waiting(PlayoutItem)
    /// Nothing is queued.
    case empty
}

/// What became of one append.
public struct PlayoutAppend: Sendable, Equatable {
    /// Bytes taken: all of them, or none when the item had been cleared, was overtaken by a later one, or the call holds
    /// more than its overflow allows.
    public var acceptedBytes: Int
    /// Read the model's socket no further until `PlayoutQueue.isFull` is false again. Nothing was dropped.
    public var isFull: Bool

    public init(acceptedBytes: Int, isFull: Bool) {
        (self.acceptedBytes, self.isFull) = (acceptedBytes, isFull)
    }
}

/// Where every byte of one call's agent audio is: received = played + cleared + queued.
public struct PlayoutCounts: Sendable, Equatable {
    /// Bytes accepted from the model, in the carrier's format.
    public var received: Int64 = 0
    /// Bytes that left in frames, without padding.
    public var played: Int64 = 0
    /// Silence added at the ends of items.
    public var padded: Int64 = 0
    /// Bytes dropped because the caller barged in or the call ended.
    public var cleared: Int64 = 0
    /// Bytes not taken: of an item that was cleared or overtaken, or beyond the overflow.
    public var refused: Int64 = 0
    /// Bytes that found the pool empty and waited in memory of their own.
    public var overflowed: Int64 = 0
    /// How often the model's socket had to be read more slowly.
    public var fullTimes: Int64 = 0

    public init() {}
}
