/// The model's session: where it stands and how often it was tried.
struct ModelLink {
    enum Stage { case closed, waiting, opening, configuring, ready }

    var stage = Stage.closed
    var route = ModelRoute.preferred
    /// Rounds through the chain since the session was last ready.
    var attempts = 0
    /// Sessions lost since the call began.
    var losses = 0
    /// Cleared once the server refused the optional fields.
    var sendsOptionalFields = true
    var wasResent = false
    /// Cancels that neither an error nor a `response.done` has answered.
    var unansweredCancels = 0
    /// Wait before the next try.
    var retryMilliseconds: Int64 = 0
    /// Addresses that are not asked again in this call.
    var refused = RouteSet()
    /// Addresses that failed in this round.
    var tried = RouteSet()
    /// Sessions opened for this call.
    var sessions = 0
    /// Items of playout up to this one belong to sessions that are gone: the present one cannot truncate them.
    var foreignItems: UInt32 = 0
    /// When the caller's words last became a turn.
    var committedAt = CallInstant.start
    /// Caller's audio that only a lost session had.
    var repeatMilliseconds: Int64 = 0
}

extension Conversation {
    mutating func streamStarted(_ actions: inout ActionList) {
        if state == .waiting { streamStartedAt = now }
        if take(policy.mode == .agent ? .streamStarted : .listeningStarted, &actions) { return }
        // A carrier retry: the new stream's buffer is empty, everything else goes on (S24).
        ledger.streamReplaced(at: now)
        actions.append(.note(.streamReplaced))
        streamCameBack(&actions)
    }

    mutating func modelOpened(_ actions: inout ActionList) {
        guard link.stage == .opening else { return actions.append(.note(.staleEventIgnored)) }
        link.wasResent = false
        take(.modelOpened, &actions)
    }

    mutating func sessionUpdated(_ echo: SessionEcho, _ actions: inout ActionList) {
        guard link.stage == .configuring || link.stage == .ready else {
            return actions.append(.note(.staleEventIgnored))
        }
        guard accepts(echo) else {  // Fatal for the session, never noise for the caller (S18).
            actions.append(.note(.configurationRefused))
            return abandonRoute(.misconfigured, &actions)
        }
        guard link.stage == .configuring else { return }  // The answer to the resend.
        link.stage = .ready
        link.attempts = 0
        link.tried.removeAll()
        disarm(.modelRoute, &actions)
        armRenewal(expiresAt: expiry(echo), since: now, &actions)
        disarm(.modelConfigure, &actions)
        disarm(.modelGiveUp, &actions)
        if state == .reconnecting {
            actions.append(.note(.modelReconnected))
            if interruption.isPending {
                take(.confirmedWhilePending, &actions)
            } else {
                take(ledger.unheard(at: now) > 0 ? .confirmedWhileSpeaking : .confirmed, &actions)
            }
            if defects.contains(.greetsAgain), policy.greets { owe(.greeting) }
        } else {
            let greets = policy.greets && !prompt.greeting.isEmpty && machine.stage == .none
            take(greets && !policy.wasGreeted ? .confirmedWithGreeting : .confirmed, &actions)
            if greets, policy.wasGreeted, turns.turns.isEmpty { owe(.resumption) }
        }
    }

    /// R3: formats, language and turn detection as ordered.
    func accepts(_ echo: SessionEcho) -> Bool {
        guard echo.inputFormat == policy.inputFormat, echo.outputFormat == policy.outputFormat else { return false }
        if let language = echo.language, !language.isEmpty, language != prompt.language { return false }
        switch policy.turns {
        case .ours:
            return echo.turnDetection == "server_vad" && echo.createResponse == false && echo.interruptResponse == false
        case .model:
            return echo.turnDetection != nil && echo.createResponse != false
        }
    }

    /// Three seconds without an echo: one resend.
    mutating func configureUnanswered(_ actions: inout ActionList) {
        guard link.stage == .configuring, !link.wasResent else { return }
        link.wasResent = true
        actions.append(.note(.configurationResent))
        take(.configureAgain, &actions)
        disarm(.modelConfigure, &actions)
    }

    mutating func giveUpModel(_ actions: inout ActionList) {
        if isSayingGoodbye { return finishGoodbyeAlone(&actions) }
        ending = ending ?? Ending(reason: .modelUnavailable, isInterruptible: false)
        if take(.modelGivenUp, &actions) { return }
        if ending?.reason == .modelUnavailable { ending = nil }
    }

    mutating func retryModel(_ actions: inout ActionList) {
        guard link.stage == .waiting else { return }
        take(.retryDue, &actions)
    }

    mutating func modelClosed(_ close: ModelClose, _ actions: inout ActionList) {
        guard link.stage != .closed, link.stage != .waiting else { return }
        loseSession(RouteFailure(close), &actions)
    }

    /// The session is gone, or is as good as gone.
    mutating func loseSession(_ failure: RouteFailure, _ actions: inout ActionList) {
        let wasReady = link.stage == .ready
        link.stage = .closed
        actions.append(.routeFailed(link.route, failure))
        disarm(.modelConfigure, &actions)
        disarm(.modelRoute, &actions)
        disarm(.renewal, &actions)
        if isSayingGoodbye { return finishGoodbyeAlone(&actions) }
        if wasReady {
            actions.append(.note(.modelLost))
            forgetSession(&actions)
            link.losses += 1
            guard link.losses <= policy.maximumModelLosses else { return giveUpModel(&actions) }
            if standby.stage == .primed { return switchToStandby(&actions) }
            dropStandby(&actions)
            arm(.modelGiveUp, inMilliseconds: policy.modelGiveUpMilliseconds, &actions)
        }
        guard chooseRoute(after: failure, wasReady: wasReady, &actions) else { return giveUpModel(&actions) }
        take(wasReady ? .modelLost : .connectionFailed, &actions)
    }

    /// The session was lost during a goodbye, and the call goes on after all.
    mutating func restartSession(_ actions: inout ActionList) {
        arm(.modelGiveUp, inMilliseconds: policy.modelGiveUpMilliseconds, &actions)
        link.retryMilliseconds = policy.reconnectMilliseconds
        take(.modelLost, &actions)
    }

    private var isSayingGoodbye: Bool { state == .goodbye || (state == .interruptionPending && ending != nil) }

    /// No voice for more: what was said so far is the goodbye.
    private mutating func finishGoodbyeAlone(_ actions: inout ActionList) {
        if link.stage != .closed { actions.append(.closeModel) }
        link.stage = .closed
        dropStandby(&actions)
        forgetSession(&actions)
        owed = nil
        take(.goodbyeResumed, &actions)
        take(.modelLost, &actions)
    }

    /// What only the lost session knew. An answer of which nothing was played is owed again; one that broke off is
    /// owed its end.
    private mutating func forgetSession(_ actions: inout ActionList) {
        link.repeatMilliseconds = unheardByNewSession
        link.unansweredCancels = 0
        link.foreignItems = ledger.newest?.item.ordinal ?? 0
        if let lost = active {
            ledger.complete(response: lost.id)
            active = nil
            disarm(.responseStart, &actions)
            if lost.hadAudio, !lost.cancelRequested, lost.purpose != .filler, lost.purpose != .goodbye {
                owe(.resumption)
            } else if !lost.hadAudio, !lost.cancelRequested, lost.purpose != .filler {
                owe(lost.purpose.again)
            }
        }
        acceptHeldItems(owing: true, &actions)
        if speech.awaitsOwnAnswer { owe(.turn) }
        speech = ModelSpeech()
        tools.orphanAll()
        errand?.isOrphan = true
        loseTranscripts(&actions)
    }

    /// Most errors leave the session as it was.
    mutating func modelFailed(_ error: ModelError, _ actions: inout ActionList) {
        if link.stage == .configuring, error.eventID.hasPrefix("configure") {
            return configurationRefused(&actions)
        }
        switch error.code {
        case "response_cancel_not_active":
            actions.append(.note(.benignError))
            link.unansweredCancels = max(0, link.unansweredCancels - 1)
            // The answer to an older cancel says nothing of the newest one.
            if active?.cancelRequested == true, link.unansweredCancels == 0 { dropActive(&actions) }
        case "conversation_already_has_active_response":
            actions.append(.note(.benignError))
            if let refused = active, refused.id == nil {  // Ours was refused: ask again when the other one is done.
                dropActive(&actions)
                owe(refused.purpose == .greeting ? .turn : refused.purpose, waits: true, retried: refused.isRetry)
                arm(.responseStart, inMilliseconds: policy.withdrawnAnswerMilliseconds, &actions)
            }
        case "input_audio_buffer_commit_empty": actions.append(.note(.benignError))
        case "session_expired":
            actions.append(.note(.modelError))
            if link.stage == .ready || link.stage == .configuring {
                actions.append(.closeModel)
                loseSession(.closed, &actions)
            }
        case let code where RouteFailure(errorCode: code) != nil:
            actions.append(.note(.modelError))
            abandonRoute(RouteFailure(errorCode: code) ?? .refused, &actions)
        case let code where code.hasPrefix("item_"): actions.append(.note(.benignError))
        default:
            let isTruncation = error.eventID.hasPrefix("truncate") || error.message.contains("already shorter")
            actions.append(.note(isTruncation ? .benignError : .modelError))
        }
    }

    /// Once without the optional fields, then the fallback (S19).
    private mutating func configurationRefused(_ actions: inout ActionList) {
        actions.append(.note(.configurationRefused))
        guard link.sendsOptionalFields else { return abandonRoute(.misconfigured, &actions) }
        link.sendsOptionalFields = false
        take(.configureAgain, &actions)
    }
}
