/// A carrier mark: "everything of this generation up to here has been played".
///
/// A carrier echoes outstanding marks on `clear` exactly as if they had been played, so each name carries a generation
/// that is raised before every clear; echoes of older generations prove nothing (S37).
/// On the wire: `g<generation>.<item>.<samples>` in decimal, for example `g3.7.1600`.
public struct PlaybackMark: Hashable, Sendable, BitwiseCopyable {
    public var generation: UInt32
    public var item: PlayoutItem
    /// Samples of the item sent before the mark, at the carrier's rate.
    public var samples: UInt32

    public init(generation: UInt32, item: PlayoutItem, samples: UInt32) {
        (self.generation, self.item, self.samples) = (generation, item, samples)
    }
}

/// The ordinal of one stretch of agent audio within a call, from 1. The fallback voice is an item too.
public struct PlayoutItem: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var ordinal: UInt32
    public init(ordinal: UInt32) { self.ordinal = ordinal }
    public static func < (left: PlayoutItem, right: PlayoutItem) -> Bool { left.ordinal < right.ordinal }
}

/// What to do with an audio delta.
public enum AudioVerdict: Equatable, Sendable {
    case play(PlayoutItem)
    case drop(AudioDrop)
}

public enum AudioDrop: String, Sendable, CaseIterable {
    /// The response was cancelled or never ours.
    case staleResponse
    /// The call is ending or has not begun.
    case notPlaying
}
