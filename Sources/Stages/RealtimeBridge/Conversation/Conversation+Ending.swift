/// Why and how the call is coming to its end.
struct Ending {
    var reason: HangUpReason
    /// The caller may still change the agent's mind.
    var isInterruptible: Bool
    /// What the ledger had sent when the goodbye was last found overdue.
    var sentAtLastLook = 0
}

extension Conversation {
    /// Now: the carrier is gone or an operator hangs up.
    mutating func end(_ reason: HangUpReason, _ actions: inout ActionList) {
        ending = Ending(reason: reason, isInterruptible: false)
        take(.callEnded, &actions)
    }

    mutating func carrierClosed(_ close: CarrierClose, _ actions: inout ActionList) {
        switch close {
        case .replaced: return  // Another stream of the same call took over (S24).
        case .peer, .halfOpen: if !streamLeft() { end(.carrierLost, &actions) }
        case .stalled: end(.carrierStalled, &actions)
        case .protocolViolation: end(.protocolViolation, &actions)
        case .shutdown: end(.shutdown, &actions)
        }
    }

    /// In our own time: what plays is cut, a goodbye is said, then we hang up.
    mutating func announceEnd(_ reason: HangUpReason, _ actions: inout ActionList) {
        if state == .waiting || state == .away || policy.mode == .transcribe { return end(reason, &actions) }
        guard ending == nil else {
            ending?.isInterruptible = false  // Ending already; now it is final.
            if state == .interruptionPending { rejectInterruption(&actions) }
            return
        }
        ending = Ending(reason: reason, isInterruptible: reason == .silence)
        take(.endAnnounced, &actions)
        owed = state == .goodbye ? OwedReply(purpose: .goodbye) : nil
    }

    /// The response that called `end_call` is done (S46).
    mutating func endCalled(after response: ActiveResponse, _ actions: inout ActionList) {
        if let owed, owed.purpose.isAnswer { return }  // The caller has said more meanwhile: that is answered first.
        ending = Ending(reason: .agentSaidGoodbye, isInterruptible: policy.goodbyeIsInterruptible)
        owed = response.hadAudio ? nil : OwedReply(purpose: .goodbye)
        take(.endCalled, &actions)
        if state == .interruptionPending, !policy.goodbyeIsInterruptible { rejectInterruption(&actions) }
    }

    /// The goodbye or the fallback message was not heard in time. As long as it goes out it is waited for.
    mutating func goodbyeOverdue(_ actions: inout ActionList) {
        let unheard = ledger.unheardMilliseconds(at: now)
        let isPaused = state == .interruptionPending
        if isPaused || (unheard > 0 && ledger.sent > ending?.sentAtLastLook ?? 0) {
            ending?.sentAtLastLook = ledger.sent
            return arm(.hangUpAfterGoodbye, inMilliseconds: unheard + policy.markGraceMilliseconds, &actions)
        }
        noteLateMarks(&actions)
        if transferAfterFallback(&actions) { return }
        take(state == .fallback ? .fallbackHeard : .goodbyeHeard, &actions)
    }

    /// Part of `settle`: what was heard to its end.
    mutating func settlePlayout(_ actions: inout ActionList) {
        switch state {
        case .goodbye, .fallback:
            guard active == nil, owed == nil else { return }
            let grace = policy.markGraceMilliseconds  // Without marks too: a hang-up cannot be taken back (R5).
            let isHeard =
                ledger.isAllHeard(at: now, graceMilliseconds: grace)
                || (defects.contains(.hangsUpEarly) && ledger.isFullySent)
            if isHeard || (state == .goodbye && ledger.received == 0) {
                noteLateMarks(&actions)
                if transferAfterFallback(&actions) { return }
                take(state == .fallback ? .fallbackHeard : .goodbyeHeard, &actions)
            } else if ledger.isFullySent {
                arm(.hangUpAfterGoodbye, at: ledger.computedEnd.advanced(byMilliseconds: grace), &actions)
            }
        case .greeting, .speaking, .reconnecting, .interruptionPending:
            if state == .interruptionPending && ending != nil { return }
            if state == .reconnecting && !turns.hasOpenAgentTurn { return }
            if ledger.isAllHeard(at: now, graceMilliseconds: proofMilliseconds) {
                noteLateMarks(&actions)
                take(.playoutHeard, &actions)
                resolveHeldItems(&actions)
                disarm(.playoutHeard, &actions)
            } else if ledger.isFullySent {
                arm(.playoutHeard, at: ledger.computedEnd.advanced(byMilliseconds: proofMilliseconds), &actions)
            }
        case .waiting, .connecting, .configuring, .listening, .thinking, .away, .closing, .ended:
            disarm(.playoutHeard, &actions)
        }
    }

    /// How long after the computed end a mark may still prove it; a carrier without marks proves nothing.
    var proofMilliseconds: Int64 { policy.carrierEchoesMarks ? policy.markGraceMilliseconds : 0 }

    private func noteLateMarks(_ actions: inout ActionList) {
        if policy.carrierEchoesMarks, !ledger.isProven { actions.append(.note(.marksLate)) }
    }

    /// Part of `settle`: only true silence of both sides counts (S48).
    mutating func settleSilence(_ actions: inout ActionList) {
        // Each edge of speech starts the time anew; while the caller has the floor, so does its end.
        let mayBeSilent =
            state == .listening && owed == nil && digits.isEmpty && link.stage == .ready
            && machine.stage == .none
        if !mayBeSilent {
            disarm(.silence, &actions)
        } else if !isArmed(.silence) {
            arm(.silence, inMilliseconds: policy.silenceMilliseconds, &actions)
        }
    }

    mutating func silenceLasted(_ actions: inout ActionList) {
        guard !callerHasFloor, tools.pending.isEmpty, ledger.unheard(at: now) == 0 else { return }
        guard silencePrompts < policy.silencePrompts else { return announceEnd(.silence, &actions) }
        silencePrompts += 1
        actions.append(.note(.silencePrompted))
        owe(.silencePrompt)
    }

    /// Part of `settle`: audio that waits is being sent, or a stage of ours has died (S10). The last words have a limit of
    /// their own.
    mutating func watchPlayout(_ actions: inout ActionList) {
        let mustPlay =
            switch state {
            case .greeting, .listening, .thinking, .speaking, .reconnecting: !interruption.isPending
            case .waiting, .connecting, .configuring, .interruptionPending, .goodbye, .fallback, .away, .closing,
                .ended:
                false
            }
        if !mustPlay || ledger.queued < policy.carrierSampleRateHz / 50 {
            disarm(.playoutStalled, &actions)
        } else if !isArmed(.playoutStalled) {
            sentAtLastLook = ledger.sent
            arm(.playoutStalled, inMilliseconds: policy.playoutStallMilliseconds, &actions)
        }
    }

    /// Nothing went out for so long: an apology is tried, and in any case the call does not stay silent for ever.
    mutating func playoutLooked(_ actions: inout ActionList) {
        guard ledger.sent == sentAtLastLook, ledger.queued > 0, !interruption.isPending else { return }
        actions.append(.note(.playoutStalled))
        ending = Ending(reason: .playoutFailed, isInterruptible: false)
        take(.modelGivenUp, &actions)
    }

    /// After the hang-up only text for turns is taken (S41, R9).
    mutating func whileClosing(_ event: ConversationEvent, _ actions: inout ActionList) {
        switch event {
        case .recognizer(let event): recognized(event, &actions)
        case .model(.inputTranscript(let item, let transcript)): transcribed(item, transcript, &actions)
        case .modelClosed: link.stage = .closed
        case .model(.responseDone(let outcome)): spent(outcome.usage, &actions)
        case .model(.transcriptionUsed(let usage)): spent(usage, &actions)
        case .deadline(.transcriptGrace): expired(.transcriptGrace, &actions)
        default: break
        }
    }
}
