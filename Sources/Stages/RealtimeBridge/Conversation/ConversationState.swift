/// Where a call stands. The table below is the only way from one state to another.
public enum ConversationState: String, Sendable, CaseIterable {
    /// Set up; the carrier's stream has not started.
    case waiting
    /// The model's socket is being opened, or waited for before the next try.
    case connecting
    /// `session.update` is on its way; its echo is awaited.
    case configuring
    /// The greeting was asked for and is not heard yet.
    case greeting
    /// Nothing of ours is to be heard and nothing is due: the caller speaks, or nobody does.
    case listening
    /// An answer was asked for or a tool runs, and nothing of it is playing.
    case thinking
    /// Agent audio is playing, or paused by the carrier's buffer.
    case speaking
    /// The caller may be interrupting: playout is paused, nothing is lost yet.
    case interruptionPending
    /// The last words are being said; after them the call is hung up.
    case goodbye
    /// The model was lost in mid-call and is being brought back.
    case reconnecting
    /// The tenant's fallback message is being spoken; after it the call is hung up.
    case fallback
    /// The carrier has the call, to call a person or to press keys; our stream is gone or about to go.
    case away
    /// Hung up; the last transcripts are awaited.
    case closing
    /// Over. Nothing changes any more.
    case ended
}

/// What moves a call from state to state: a conclusion drawn from events, timers and the ledger.
enum ConversationTrigger: String, Sendable, CaseIterable {
    case streamStarted
    /// The same, of a call that is only listened to.
    case listeningStarted
    case modelOpened
    /// The socket closed, or could not be opened, and another try is allowed.
    case connectionFailed
    case retryDue
    /// No echo yet, or optional fields were refused: ask again.
    case configureAgain
    /// The session is as ordered. What comes next depends on what there is to say, or still to hear.
    case confirmedWithGreeting, confirmed, confirmedWhileSpeaking, confirmedWhilePending
    case modelLost
    /// No model can be had.
    case modelGivenUp

    case responseRequested
    /// A response is active or a tool runs.
    case answerDue
    /// No response, no tool, nothing playing.
    case nothingToSay
    /// The caller went on speaking before anything of the answer was played.
    case answerWithdrawn
    case playoutStarted
    /// All that the agent said was heard.
    case playoutHeard

    case voiceOnset
    case interruptionConfirmed
    case interruptionRejected
    /// Rejected, and the call is ending.
    case goodbyeResumed

    /// The agent called `end_call` after its own goodbye.
    case endCalled
    /// We end the call: what plays is cut, a goodbye is asked for.
    case endAnnounced
    case goodbyeHeard
    case fallbackHeard
    /// A machine picked up and speaks its announcement: we are quiet.
    case machineAnswered
    /// The carrier is to be told: the caller knows.
    case errandDue
    /// The caller is with the agent again.
    case errandOver
    /// The carrier is gone, or an operator hangs up.
    case callEnded
    /// Nothing is awaited any more.
    case released
}

/// What a transition does, in order. Each is one function in `Conversation+Effects.swift`.
enum ConversationEffect: String, Sendable, CaseIterable {
    case startTimers
    case openModel
    case retryLater
    case configure
    case openUplink
    case holdUplink
    case introduceCaller
    case replayHistory
    case requestGreeting
    case requestResponse
    case cancelResponse
    case beginAgentTurn
    case endAgentTurns
    case pausePlayout
    case resumePlayout
    case cutPlayout
    case awaitGoodbye
    case playFallback
    case beginErrand
    case resumeUplink
    case hangUp
    case release
}

/// One row of the table.
struct ConversationTransition: Equatable, Sendable {
    let state: ConversationState
    let trigger: ConversationTrigger
    let effects: [ConversationEffect]
    let next: ConversationState
}

/// The table that drives `Conversation`: a trigger without a row for the present state does nothing.
enum ConversationTable {
    /// One line for each state, in the order of `ConversationState`; docs/CALL_STATE_MACHINE.md shows the same rows.
    static let transitions: [ConversationTransition] =
        rows(
            .waiting,
            (.streamStarted, [.startTimers, .openModel], .connecting),
            (.listeningStarted, [.startTimers, .openUplink], .listening),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .connecting,
            (.modelOpened, [.configure], .configuring),
            (.connectionFailed, [.retryLater], .connecting),
            (.retryDue, [.openModel], .connecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.endAnnounced, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .configuring,
            (.configureAgain, [.configure], .configuring),
            (.confirmedWithGreeting, [.introduceCaller, .openUplink, .requestGreeting], .greeting),
            (.confirmed, [.introduceCaller, .openUplink], .listening),
            (.connectionFailed, [.retryLater], .connecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.endAnnounced, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .greeting,
            (.responseRequested, [.requestResponse], .greeting),
            (.playoutStarted, [.beginAgentTurn], .greeting),
            (.playoutHeard, [.endAgentTurns], .listening),
            (.nothingToSay, [], .listening),
            (.voiceOnset, [.pausePlayout], .interruptionPending),
            (.interruptionConfirmed, [.cutPlayout], .listening),
            (.endCalled, [.awaitGoodbye], .goodbye),
            (.machineAnswered, [.cutPlayout], .listening),
            (.endAnnounced, [.cutPlayout, .awaitGoodbye], .goodbye),
            (.modelLost, [.holdUplink, .retryLater], .reconnecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .listening,
            (.responseRequested, [.requestResponse], .thinking),
            (.answerDue, [], .thinking),
            (.errandDue, [.beginErrand], .away),
            (.endAnnounced, [.cutPlayout, .awaitGoodbye], .goodbye),
            (.modelLost, [.holdUplink, .retryLater], .reconnecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .thinking,
            (.responseRequested, [.requestResponse], .thinking),
            (.playoutStarted, [.beginAgentTurn], .speaking),
            (.nothingToSay, [], .listening),
            (.answerWithdrawn, [.cancelResponse], .listening),
            (.errandDue, [.beginErrand], .away),
            (.endCalled, [.awaitGoodbye], .goodbye),
            (.machineAnswered, [.cutPlayout], .listening),
            (.endAnnounced, [.cutPlayout, .awaitGoodbye], .goodbye),
            (.modelLost, [.holdUplink, .retryLater], .reconnecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .speaking,
            (.responseRequested, [.requestResponse], .speaking),
            (.playoutStarted, [.beginAgentTurn], .speaking),
            (.playoutHeard, [.endAgentTurns], .listening),
            (.voiceOnset, [.pausePlayout], .interruptionPending),
            (.interruptionConfirmed, [.cutPlayout], .listening),
            (.endCalled, [.awaitGoodbye], .goodbye),
            (.machineAnswered, [.cutPlayout], .listening),
            (.endAnnounced, [.cutPlayout, .awaitGoodbye], .goodbye),
            (.modelLost, [.holdUplink, .retryLater], .reconnecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .interruptionPending,
            (.playoutStarted, [.beginAgentTurn], .interruptionPending),
            (.interruptionConfirmed, [.cutPlayout], .listening),
            (.interruptionRejected, [.resumePlayout], .speaking),
            (.goodbyeResumed, [.resumePlayout], .goodbye),
            (.playoutHeard, [.resumePlayout, .endAgentTurns], .listening),
            (.endCalled, [.awaitGoodbye], .interruptionPending),
            (.machineAnswered, [.cutPlayout], .listening),
            (.endAnnounced, [.cutPlayout, .awaitGoodbye], .goodbye),
            (.modelLost, [.resumePlayout, .holdUplink, .retryLater], .reconnecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .goodbye,
            (.responseRequested, [.requestResponse], .goodbye),
            (.playoutStarted, [.beginAgentTurn], .goodbye),
            (.voiceOnset, [.pausePlayout], .interruptionPending),
            (.interruptionConfirmed, [.cutPlayout], .listening),
            (.modelLost, [.holdUplink], .goodbye),
            (.goodbyeHeard, [.endAgentTurns, .hangUp], .closing),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .reconnecting,
            (.modelOpened, [.configure], .reconnecting),
            (.connectionFailed, [.retryLater], .reconnecting),
            (.retryDue, [.openModel], .reconnecting),
            (.configureAgain, [.configure], .reconnecting),
            (.confirmed, [.replayHistory, .openUplink], .listening),
            (.confirmedWhileSpeaking, [.replayHistory, .openUplink], .speaking),
            (.confirmedWhilePending, [.replayHistory, .openUplink], .interruptionPending),
            (.playoutStarted, [.beginAgentTurn], .reconnecting),
            (.playoutHeard, [.endAgentTurns], .reconnecting),
            (.voiceOnset, [.pausePlayout], .reconnecting),
            (.interruptionConfirmed, [.cutPlayout], .reconnecting),
            (.interruptionRejected, [.resumePlayout], .reconnecting),
            (.machineAnswered, [.cutPlayout], .reconnecting),
            (.modelGivenUp, [.playFallback], .fallback),
            (.endAnnounced, [.playFallback], .fallback),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .fallback,
            (.playoutStarted, [.beginAgentTurn], .fallback),
            (.fallbackHeard, [.endAgentTurns, .hangUp], .closing),
            (.errandDue, [.endAgentTurns, .beginErrand], .away),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .away,
            (.errandOver, [.resumeUplink], .listening),
            (.modelLost, [.holdUplink], .away),
            (.callEnded, [.hangUp], .closing))
        + rows(
            .closing,
            (.released, [.release], .ended))

    private static func rows(
        _ state: ConversationState,
        _ rows: (ConversationTrigger, [ConversationEffect], ConversationState)...
    ) -> [ConversationTransition] {
        rows.map { ConversationTransition(state: state, trigger: $0.0, effects: $0.1, next: $0.2) }
    }

    /// Index of the row for `trigger` in `state`, or nil: then nothing happens.
    static func row(_ state: ConversationState, _ trigger: ConversationTrigger) -> Int? {
        transitions.firstIndex { $0.state == state && $0.trigger == trigger }
    }
}
