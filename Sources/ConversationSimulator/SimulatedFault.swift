/// Everything that can go wrong in a simulated call, on any side. Names are those of `--faults`.
///
/// A fault strikes at a time of its own. Some happen there and then (the model drops); others wait for the next thing
/// of their kind (the next response fails).
public enum SimulatedFault: String, Sendable, CaseIterable {
    // The carrier.
    /// Never echoes a mark, as configured.
    case noMarks
    /// Loses every n-th mark, or all.
    case marksLost
    /// Marks come back late.
    case marksSlow
    /// A mark of an older generation, or of audio that was never sent.
    case marksStale
    /// Plays everything later than it was sent.
    case carrierLag
    /// Stops playing for a while, then goes on.
    case playbackStalls
    /// Connects a second stream for the same call.
    case carrierRetries
    case carrierStops
    case carrierCloses
    /// The socket is half open: nothing more comes, and after five seconds we notice.
    case carrierHalfOpen
    /// Reads no more.
    case carrierStalls
    case carrierBreaksProtocol
    /// Frames of the caller's next utterance are lost: the local detector hears it in pieces.
    case speechChopped

    // The line.
    /// The agent's voice comes back, and the model takes it for the caller's.
    case agentEchoes
    /// Noise that only the local detector hears.
    case noise

    /// A machine picks up, as the carrier's detection says; later, perhaps, that its announcement is over.
    case machineAnswers

    // The way to the model.
    case connectRefused
    case connectBusy
    case connectUnreachable
    case connectSlow
    case modelDrops
    case sessionExpires
    /// The provider gives the next session a short life, and says so.
    case sessionShort

    // Its session.
    case echoWrong
    case echoMissing
    case echoSlow
    case echoTwice
    case fieldsRefused

    // Its responses.
    case responseEmpty
    case responseFailed
    case responseIncomplete
    case responseRateLimited
    case quotaExhausted
    case responseCancelled
    case responseLost
    case responseSlow
    case responseStalls
    /// Deltas of a cancelled response go on for half a second after it was said to be done.
    case deltasStale
    case doneStale
    case answersUnasked
    case errorBenign
    case errorUnknown

    // What it hears.
    case speechUnheard
    case speechStartLate
    case speechStartRepeated
    case transcriptLate
    case transcriptFailed
    case transcriptPartial
    case transcriptMissing

    // Tools.
    case toolSlow
    case toolFails
    case toolNever
    /// The model says the same call again.
    case toolRepeated
    /// The result of a call that nobody made.
    case toolStray

    // Ours.
    case storeStalls
    case storeFails
    /// The shard's thread does nothing for a while.
    case threadStalls
    /// A deadline that was cleared fires all the same.
    case deadlineStray
    /// Little room in playout: the model is read more slowly.
    case playoutFull
    case operatorDrains
    case operatorHangsUp
}
