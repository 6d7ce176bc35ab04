/// A stretch inside an utterance in which nothing was sent to the carrier, or in which the carrier played later than
/// what it was sent (S04, S05). Pauses between utterances, for an interruption that may be one, and after a clear are
/// no holes.
public struct PlayoutHole: Sendable, Equatable {
    /// Who is to blame; where several are, whoever took the most of it.
    public enum Cause: String, Sendable, CaseIterable {
        /// The model had not delivered.
        case modelLate
        /// Our thread had not come round.
        case ours
        /// The carrier's socket had no room, or its marks say that it played later than it was sent.
        case carrier
    }

    public var cause: Cause
    /// Length of the gap in sending; 0 when only marks tell of the hole.
    public var milliseconds: Int
    /// How much of it the carrier's buffer did not cover: what the caller heard as silence.
    public var audibleMilliseconds: Int

    public init(cause: Cause, milliseconds: Int, audibleMilliseconds: Int) {
        (self.cause, self.milliseconds, self.audibleMilliseconds) = (cause, milliseconds, audibleMilliseconds)
    }
}

/// A hole as the store keeps it, with the turn it lies in.
public struct TurnHole: Sendable, Equatable {
    /// Order within the call, from 0.
    public var index: Int
    /// Index of the agent's turn.
    public var turn: Int
    /// When it was over.
    public var endedAt: CallInstant
    public var hole: PlayoutHole

    public init(index: Int, turn: Int, endedAt: CallInstant, hole: PlayoutHole) {
        (self.index, self.turn, self.endedAt, self.hole) = (index, turn, endedAt, hole)
    }
}
