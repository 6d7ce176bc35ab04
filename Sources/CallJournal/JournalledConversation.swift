public import Conversation

/// A call's conversation, with a journal of all that enters and leaves it when one is kept. Shard thread.
///
/// Whoever drives the core goes through here, for `core` can only be looked at: an input that the journal does not know
/// cannot reach it. Without a journal each verb costs one comparison more than the core's own.
public struct JournalledConversation: ~Copyable {
    public private(set) var core: Conversation
    private var journal: JournalTap?

    public init(_ core: consuming Conversation, journal: consuming JournalTap? = nil) {
        self.core = core
        self.journal = journal
    }

    public var state: ConversationState { core.state }
    public var hasGreeted: Bool { core.hasGreeted }
    /// Its journal lost its place: counted once, at the end.
    public var isJournalBroken: Bool {
        switch journal {
        case .some(let tap): tap.isBroken
        case nil: false
        }
    }

    public mutating func handle(
        _ event: borrowing ConversationEvent, at instant: CallInstant, into actions: inout ActionList
    ) {
        let first = actions.count
        core.handle(event, at: instant, into: &actions)
        journal?.happened(event, at: instant, actions, from: first)
    }

    public mutating func admit(response: WireID, item: WireID, at now: CallInstant) -> AudioVerdict {
        let verdict = core.admit(response: response, item: item, at: now)
        journal?.admitted(response: response, item: item, at: now, verdict)
        return verdict
    }

    public mutating func queued(_ item: PlayoutItem, samples: Int, at now: CallInstant) {
        core.queued(item, samples: samples, at: now)
        journal?.queued(item, samples: samples, at: now)
    }

    public mutating func sent(_ item: PlayoutItem, samples: Int, at now: CallInstant) {
        core.sent(item, samples: samples, at: now)
        journal?.sent(item, samples: samples, at: now)
    }

    public mutating func dueMark(itemEnded: Bool) -> PlaybackMark? {
        let mark = core.dueMark(itemEnded: itemEnded)
        journal?.marked(itemEnded: itemEnded, mark)
        return mark
    }

    // MARK: What the local ears are told and the core is not: kept for other detectors, by a journal with audio

    /// A frame of the caller's, as it arrived.
    public mutating func heard(_ frame: borrowing Span<UInt8>, at now: CallInstant) {
        journal?.audio(.callerAudio, frame, at: now)
    }

    /// A frame of the agent's, as it was sent.
    public mutating func spoke(_ frame: borrowing Span<UInt8>, at now: CallInstant) {
        journal?.audio(.agentAudio, frame, at: now)
    }

    /// Frames of the caller's never arrived.
    public mutating func missed(frames: Int, at now: CallInstant) { journal?.missed(frames: frames, at: now) }

    /// The call is over.
    public mutating func endJournal() {
        journal?.end()
        journal = nil
    }
}
