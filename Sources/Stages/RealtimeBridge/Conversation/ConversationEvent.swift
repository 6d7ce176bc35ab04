/// Everything that can happen to a call, as edges: the per-frame facts go to the playout ledger instead.
public enum ConversationEvent: Sendable, Equatable {
    // The carrier.
    /// The media stream is up. A second one for the same call is a carrier retry and takes over.
    case carrierStarted(stream: WireID)
    case carrierMark(PlaybackMark)
    /// `0`-`9`, `*`, `#`, `A`-`D`, in ASCII.
    case carrierDigit(UInt8)
    case carrierStopped
    case carrierClosed(CarrierClose)
    /// What the carrier's detection says of who picked up.
    case answeredBy(AnsweringParty)

    // The model.
    case modelOpened
    case model(ModelEvent)
    case modelClosed(ModelClose)
    case standby(StandbyEvent)

    /// In the model's place, when the call is only listened to.
    case recognizer(RecognizerEvent)

    // Our own ears, from the local voice activity detector.
    case voice(VoiceEdge)

    // Playout.
    /// The first frame of an item went to the carrier.
    case playoutStarted(PlayoutItem)
    /// Nothing is queued any more; `itemComplete` says whether the item had ended or the model is late.
    case playoutEmpty(itemComplete: Bool)
    /// Sending of this item goes on after a hole.
    case playoutHole(PlayoutItem, PlayoutHole)
    /// The fallback voice has been handed to the carrier in full.
    case fallbackQueued

    case deadline(TimerID)
    case toolFinished(call: WireID, output: String)
    /// The tool that was to run asks something of the carrier: what exactly, once its arguments were read.
    case errandAsked(call: WireID, CarrierErrand)
    case errandFinished(ErrandOutcome)
    case command(OperatorCommand)
    /// The operator has something said to the caller: word for word, or as an instruction to the agent.
    case operatorSays(String, isVerbatim: Bool)
    /// The operator has the caller transferred to a destination of the tenant's list, by its name.
    case transferAsked(to: String)
}

/// Edges of local voice activity. Milliseconds count back from the event's own time.
public enum VoiceEdge: Sendable, Equatable {
    /// Speech began `milliseconds` ago: enough active frames for an onset.
    case onset(startedMillisecondsAgo: Int)
    /// The onset has lasted long enough to be an interruption.
    case sustained
    /// The onset fell silent again before it was sustained: a click, a cough.
    case lapsed
    /// Speech ended; the hangover has passed.
    case offset(endedMillisecondsAgo: Int)
    /// What is heard is explained by what was sent: the agent's own voice is coming back. No edge of the caller's; told
    /// every 100 ms while it lasts.
    case echo
}

public enum CarrierClose: String, Sendable, CaseIterable {
    case peer, stalled, halfOpen, protocolViolation, replaced, shutdown
}

public enum ModelClose: Sendable, Equatable {
    case refused(httpStatus: Int)
    case unreachable
    case timedOut
    case closed(code: Int)
    case protocolViolation
}

public enum OperatorCommand: String, Sendable, CaseIterable {
    /// Now, without a word.
    case hangUp
    /// The service is going down: say goodbye, then hang up.
    case drain
    /// Say goodbye, then hang up.
    case sayGoodbye
}

/// Timers of a call. One deadline each; setting it again moves it, and all die with the call (R9).
public enum TimerID: UInt8, Sendable, CaseIterable {
    case modelConfigure, modelGiveUp, modelReconnect, confirmInterruption, hangUpAfterGoodbye, silence, maximumDuration,
        responseStart, toolTimeout, transcriptGrace,
        /// The computed end of what was sent, for when no mark tells.
        playoutHeard,
        /// The end of an entry of keys.
        digitGap,
        toolFiller,
        /// One address of the chain has had its time.
        modelRoute,
        /// The next session is to be prepared, or tried again.
        renewal,
        /// One try to prepare it has had its time.
        standby,
        /// The prepared session has waited for a silence long enough.
        standbySwitch,
        /// The words of an utterance that was put off never came.
        words,
        /// A machine's announcement is taken to be over.
        answeringMachine,
        /// The carrier has had the call for long enough.
        errand,
        /// Playout holds audio; is it still being sent?
        playoutStalled
}
