public import Conversation

/// One thing that passed between a call and its conversation, in the order in which it did.
public enum JournalRecord: Sendable, Equatable {
    /// An edge, and all that was decided on it.
    case event(ConversationEvent, at: CallInstant, actions: [ConversationAction])
    /// A stretch of the model's audio, and whether it was wanted.
    case admitted(response: WireID, item: WireID, at: CallInstant, AudioVerdict)
    case queued(PlayoutItem, samples: Int, at: CallInstant)
    case sent(PlayoutItem, samples: Int, at: CallInstant)
    /// Asked for a mark, and the answer.
    case mark(itemEnded: Bool, PlaybackMark?)
    /// A frame of the caller's as the local ears heard it, in mu-law; the edges it brought follow it.
    case callerAudio([UInt8], at: CallInstant)
    /// A frame of the agent's as it was sent, in mu-law: what an echo may come from.
    case agentAudio([UInt8], at: CallInstant)
    /// Frames of the caller's that never arrived.
    case callerMissed(frames: Int, at: CallInstant)

    /// How records begin in the file.
    enum Kind: UInt8 {
        case event = 1, admitted, admittedAgain, queued, queuedAgain, sent
        /// A whole frame of the same item, about 20 ms after the last; `frame`: and no mark was due after it.
        case sentAgain, frame
        case mark, callerAudio, agentAudio, callerMissed
        /// The call is over and all of it is here.
        case complete
        /// Here the ring was full: the rest of the call is not here.
        case broken
    }

    /// What is left out when it is as last time. Alike at both ends.
    struct Memory {
        static let frameNanoseconds: Int64 = 20_000_000
        static let frameSamples = 160

        var at: Int64 = 0
        var sentAt: Int64 = 0
        var response: WireID?
        var item: WireID?
        var admitted = PlayoutItem(ordinal: 0)
        var queued = PlayoutItem(ordinal: 0)
        var sent = PlayoutItem(ordinal: 0)
    }
}
