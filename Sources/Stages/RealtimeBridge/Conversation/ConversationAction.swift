/// What the conversation wants done. The composition root executes; it decides nothing.
public enum ConversationAction: Sendable, Equatable {
    case openModel(ModelRoute)
    case closeModel
    case send(ModelCommand)
    /// A second session, that is to take over from the first in a silence (S57). Its events come as `standby`.
    case openStandby(ModelRoute)
    case sendStandby(ModelCommand)
    /// The standby is the session from here on: its events come as the model's, caller's audio goes to it, and the old
    /// one is closed and says nothing any more.
    case switchToStandby
    case closeStandby
    /// An address of the chain failed, and why (R17).
    case routeFailed(ModelRoute, RouteFailure)
    /// The newest of the caller's audio that was forwarded already goes to the session once more, before what waits:
    /// the session that had it is gone. As much of it as is kept.
    case repeatUplink(milliseconds: Int64)
    /// The caller's audio may flow to the model from now on, what was kept first (R3).
    case openUplink
    /// Close the uplink again (model lost): audio is kept, bounded, newest first.
    case holdUplink

    /// Reversible: stop sending, keep every sample.
    case pausePlayout
    /// Go on with the very next sample.
    case resumePlayout
    /// Drop what is queued and send the carrier's `clear`. Ends a pause: what comes after it plays.
    case clearPlayout
    /// Speak the tenant's fallback message, as this item of playout.
    case playFallback(PlayoutItem)

    case setDeadline(TimerID, at: CallInstant)
    case clearDeadline(TimerID)
    case runTool(ToolCall)
    /// Have the carrier do it; `errandFinished` says what became of it.
    case errand(CarrierErrand)
    case persist(CallFact)
    /// Exactly once per call (R5).
    case hangUp(HangUpReason)
    case note(ConversationNote)
}

public enum HangUpReason: String, Sendable, Equatable, CaseIterable {
    case callerHungUp, agentSaidGoodbye, silence, maximumDuration, modelUnavailable, carrierStalled, carrierLost,
        operatorAsked, shutdown, protocolViolation, costLimit, answeringMachine,
        /// A person has the caller now.
        transferred,
        /// Our own audio could not be sent any more.
        playoutFailed
}

/// Facts worth counting, each with its cause (R17).
public enum ConversationNote: String, Sendable, Equatable, CaseIterable {
    case interruptionPending, interruptionConfirmed, interruptionRejected, staleAudioDropped, staleEventIgnored,
        benignError, modelError, modelLost, modelReconnected, responseRetried, responseEmpty, responseFailed,
        greetingInterrupted, duplicateToolCall, selfAnswerStopped, configurationRefused, configurationResent,
        fallbackSpoken, streamReplaced, marksLate, answerWithdrawn, silencePrompted,
        modelRouteChanged, standbyFailed, sessionRenewed,
        machineAnswered, backchannelIgnored, wordsLate,
        errandWithdrawn, errandFailed, errandDone, playoutStalled
}

/// What the turn store is told, in order, by its only author.
public enum CallFact: Sendable, Equatable {
    /// A turn began or was revised: the last fact with the same `index` holds.
    case turn(Turn)
    /// Inside a turn of the agent there was a hole. Told once.
    case hole(TurnHole)
    /// The call is over.
    case ended(HangUpReason, at: CallInstant)
    /// What the model has cost so far: the last fact holds.
    case used(CallUsage)
}

/// One party's floor.
public struct Turn: Sendable, Equatable {
    public enum Speaker: String, Sendable, CaseIterable { case caller, agent }
    public enum Text: String, Sendable, CaseIterable {
        /// Nothing known yet.
        case none
        /// The provider's transcript of the whole.
        case transcribed
        /// The agent's text cut where the caller interrupted: interpolated, since no word times are sent.
        case estimated
        /// Transcription failed.
        case failed
    }

    /// Order within the call, from 0.
    public var index: Int
    public var speaker: Speaker
    /// The model's item, when there is one.
    public var item: WireID?
    /// What was heard (agent) or transcribed (caller).
    public var text: String
    public var textSource: Text
    /// What the agent meant to say; equal to `text` when nothing cut it.
    public var plannedText: String
    public var startedAt: CallInstant
    public var endedAt: CallInstant?
    /// When the caller barged in, for an agent's turn.
    public var interruptedAt: CallInstant?
    /// Caller's end of speech to our first frame of the reply, in milliseconds; agent turns only.
    public var responseMilliseconds: Int64?
    /// Onset of the caller's speech to our last frame of agent audio, in milliseconds; interrupted turns only.
    public var interruptionMilliseconds: Int64?
    /// Where the time before it went; agent turns that answer something.
    public var latency: TurnLatency?
    /// What `text` and `endedAt` rest on; ended agent turns only.
    public var heardBy: HeardBy?
    /// Holes in it that the caller heard, and their length.
    public var holes = 0
    public var holeMilliseconds = 0

    public init(index: Int, speaker: Speaker, item: WireID?, startedAt: CallInstant) {
        (self.index, self.speaker, self.item, self.startedAt) = (index, speaker, item, startedAt)
        (text, textSource, plannedText) = ("", .none, "")
    }
}

/// The actions of one event, in order. Fixed capacity: what would not fit is a bug of ours and traps.
///
/// Its memory is taken once, in `init`; the array is never shared (this type is noncopyable) and never grows, so neither
/// appending nor emptying allocates.
public struct ActionList: ~Copyable {
    public static let capacity = 96
    private var slots = [ConversationAction]()

    public init() { slots.reserveCapacity(Self.capacity) }

    public var count: Int { slots.count }

    public mutating func append(_ action: ConversationAction) {
        precondition(slots.count < Self.capacity, "actions of one event: more than \(Self.capacity)")
        slots.append(action)
    }

    public subscript(index: Int) -> ConversationAction { slots[index] }

    public mutating func removeAll() { slots.removeAll(keepingCapacity: true) }
}
