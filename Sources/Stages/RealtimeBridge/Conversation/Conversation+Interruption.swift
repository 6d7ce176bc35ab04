/// What the local voice activity detector says of the caller.
struct LocalVoice {
    private(set) var isSpeaking = false
    private(set) var isSustained = false
    /// Of the newest utterance, however short.
    private(set) var startedAt: CallInstant?
    private(set) var endedAt: CallInstant?
    /// When the agent's own voice was last heard coming back.
    var echoHeardAt: CallInstant?

    mutating func began(at instant: CallInstant) {
        (isSpeaking, isSustained, startedAt, endedAt) = (true, false, instant, nil)
    }
    mutating func sustained() { isSustained = true }
    mutating func ended(at instant: CallInstant) {
        (isSpeaking, isSustained, endedAt) = (false, false, instant)
    }
}

/// A barge-in that may still be taken back.
struct Interruption {
    var isPending = false { didSet { if !isPending { judging = .none } } }
    /// What it is being judged by, with a policy for words.
    var judging = Judging.none
    /// Set while the effects of its confirmation run: what they cut was cut by the caller.
    var isBeingConfirmed = false
    /// Onset of the speech that made it pending, or confirmed it.
    var onsetAt: CallInstant?
    var rejectedAt: CallInstant?

    enum Judging { case none, speech, words }
}

extension Conversation {
    /// The agent's last syllables are on their way: the caller answers, he does not interrupt (S40).
    static let tailMilliseconds: Int64 = 400
    /// The model hears an utterance that the local detector rejected this much later at most.
    static let rejectionMemoryMilliseconds: Int64 = 1_000
    /// The model may hear an utterance this much earlier than the local detector.
    static let modelLeadMilliseconds: Int64 = 300
    /// Our own voice comes back, and the model ends it as speech, within this time of its last sample (S31).
    static let echoTailMilliseconds: Int64 = 1_500

    /// The caller is speaking, as far as can be believed: what only the local detector hears for long is noise, what
    /// the model hears for a minute has lost its end.
    var callerHasFloor: Bool {
        if voice.isSpeaking, let start = voice.startedAt, now.milliseconds(since: start) < 10_000 { return true }
        guard let utterance = speech.current else { return false }
        return now.milliseconds(since: utterance.startedAt) < 60_000
    }

    mutating func heard(_ edge: VoiceEdge, _ actions: inout ActionList) {
        if edge == .echo {  // Nobody spoke.
            voice.echoHeardAt = now
            return
        }
        disarm(.silence, &actions)
        if machine.stage == .announcing { machineVoice(edge, &actions) }
        switch edge {
        case .onset(let ago):
            let start = now.advanced(byMilliseconds: -Int64(max(0, ago)))
            voice.began(at: start)
            speech.localOnset(mayBeRejected: mayInterrupt || interruption.isPending)
            guard mayInterrupt, !interruption.isPending else { return }
            interruption.onsetAt = start
            take(.voiceOnset, &actions)
        case .sustained:
            voice.sustained()
            if policy.turns == .model {
                return  // The server's own detector decides; ours has paused the agent meanwhile.
            } else if judgesWords, interruption.isPending || mayInterrupt {
                beginJudging(&actions)
            } else if interruption.isPending || mayInterrupt || (state == .goodbye && ending?.isInterruptible == true) {
                confirmInterruption(&actions)
            } else {
                withdrawAnswer(&actions)
            }
        case .lapsed:
            voice.ended(at: now)
            speechEnded(&actions)
        case .offset(let ago):
            voice.ended(at: now.advanced(byMilliseconds: -Int64(max(0, ago))))
            speechEnded(&actions)
        case .echo: break
        }
    }

    private mutating func speechEnded(_ actions: inout ActionList) {
        guard interruption.isPending else { return }
        if interruption.judging == .none { rejectInterruption(&actions) } else { judgedSpeechEnded(&actions) }
    }

    /// Agent audio is still to be heard, and policy lets the caller end it. Playing counts, not generating (S28).
    var mayInterrupt: Bool {
        switch state {
        case .greeting:
            guard policy.allowInterruptions, let start = turns.firstAgentStart,
                now.milliseconds(since: start) >= policy.greetingProtectionMilliseconds
            else { return false }
        case .speaking, .interruptionPending, .reconnecting:
            guard policy.allowInterruptions, ending?.isInterruptible != false else { return false }
        case .goodbye:
            return ending?.isInterruptible == true && ledger.unheard(at: now) > 0
        case .waiting, .connecting, .configuring, .listening, .thinking, .fallback, .away, .closing, .ended:
            return false
        }
        if isProtectedMessageUnheard { return false }
        let unheard = ledger.unheardMilliseconds(at: now)
        return unheard > 0 && !(ledger.isFullySent && unheard <= Self.tailMilliseconds)
    }

    mutating func modelHeardSpeech(_ item: WireID, _ actions: inout ActionList) {
        guard link.stage == .ready else { return actions.append(.note(.staleEventIgnored)) }
        disarm(.silence, &actions)
        speech.started(
            item, at: now, hasLocalOnset: voice.isSpeaking || isRecent(voice.endedAt),
            duringAgent: ledger.unheard(at: now) > 0 || isRecent(voice.echoHeardAt),
            isRejected: !voice.isSpeaking && isRecent(interruption.rejectedAt))
        if policy.turns == .model {  // The server has cancelled its response already.
            if mayInterrupt || interruption.isPending { confirmInterruption(&actions) }
        } else if interruption.isPending, let onset = interruption.onsetAt {
            guard interruption.judging == .none else { return }
            let agreed = onset.advanced(byMilliseconds: policy.agreementMilliseconds)
            if now >= agreed {
                interruptionUndecided(&actions)
            } else {
                arm(.confirmInterruption, at: agreed, &actions)
            }
        } else if mayInterrupt, let alone = policy.modelSpeechAloneMilliseconds, !isArmed(.confirmInterruption) {
            arm(.confirmInterruption, inMilliseconds: alone, &actions)
        }
    }

    private func isRecent(_ instant: CallInstant?) -> Bool {
        guard let instant else { return false }
        return now.milliseconds(since: instant) <= Self.rejectionMemoryMilliseconds
    }

    /// The time to decide is over.
    mutating func interruptionUndecided(_ actions: inout ActionList) {
        if interruption.judging != .none {
            judgementDue(&actions)
        } else if interruption.isPending {
            if judgesWords, speech.isSpeaking || voice.isSustained {
                beginJudging(&actions)
            } else if waitsForModel {
                arm(.confirmInterruption, inMilliseconds: policy.confirmInterruptionMilliseconds, &actions)
            } else if speech.isSpeaking || (voice.isSustained && policy.turns == .ours) {
                confirmInterruption(&actions)
            } else {
                rejectInterruption(&actions)
            }
        } else if speech.isSpeaking, mayInterrupt {
            confirmInterruption(&actions)
        }
    }

    /// With turns of the model's: the caller is speaking, and the server has not said so yet. It is given twice the time.
    private var waitsForModel: Bool {
        guard policy.turns == .model, voice.isSustained, !speech.isSpeaking, let onset = interruption.onsetAt else {
            return false
        }
        return now.milliseconds(since: onset) < 2 * policy.confirmInterruptionMilliseconds
    }

    /// - Parameter onset: when it began, for words that are understood later.
    mutating func confirmInterruption(since onset: CallInstant? = nil, _ actions: inout ActionList) {
        if !interruption.isPending { interruption.onsetAt = onset ?? (voice.isSpeaking ? voice.startedAt : nil) ?? now }
        actions.append(.note(.interruptionConfirmed))
        if let greetingResponse, ledger.newest?.response == greetingResponse {
            actions.append(.note(.greetingInterrupted))
        }
        let unheard = active
        interruption.isBeingConfirmed = true
        take(.interruptionConfirmed, &actions)
        interruption.isBeingConfirmed = false
        if ending?.isInterruptible == true {  // "Bye, but wait" (S47).
            ending = nil
            owed = nil
            disarm(.hangUpAfterGoodbye, &actions)
            if link.stage != .ready { restartSession(&actions) }
            // Keys pressed during the goodbye are an entry after all.
            if !digits.isEmpty { arm(.digitGap, inMilliseconds: policy.digitGapMilliseconds, &actions) }
        }
        if let unheard, !unheard.playoutBegan, unheard.purpose.isAnswer, active?.cancelRequested == true {
            oweAgain(unheard, &actions)
        }
        withdrawErrand(&actions)
        speech.acceptAll()
        resolveHeldItems(&actions)
    }

    mutating func rejectInterruption(_ actions: inout ActionList) {
        interruption.rejectedAt = now
        speech.reject(since: (interruption.onsetAt ?? now).advanced(byMilliseconds: -Self.modelLeadMilliseconds))
        actions.append(.note(.interruptionRejected))
        take(ending == nil || state == .reconnecting ? .interruptionRejected : .goodbyeResumed, &actions)
        resolveHeldItems(&actions)
    }

    /// Cuts what plays, whoever wanted it: clear, cancel, truncate, and the turns as they were heard.
    mutating func cut(byCaller: Bool, _ actions: inout ActionList) {
        let hadSomething = ledger.unheard(at: now) > 0
        var said = [CutItem]()
        for ordinal in ledger.remembered ?? 1...1 {
            guard let item = ledger[PlayoutItem(ordinal: ordinal)], !item.isCut, !isAllHeard(item) else { continue }
            said.append(CutItem(item, heardSamples: ledger.heard(item.item, at: now)))
        }
        for index in said.indices { said[index].heardScalars = heardScalars(of: said[index].item.item) }
        var heardMilliseconds = said.map { ledger.heardMilliseconds($0.item.item, at: now) }
        if defects.contains(.truncatesBeyondSent) { heardMilliseconds = said.map { Int64($0.item.received / 8) } }

        interruption.isPending = false
        disarm(.confirmInterruption, &actions)
        ledger.clear(at: now)
        if hadSomething || byCaller { actions.append(.clearPlayout) }
        cancelActive(&actions)
        for (cut, milliseconds) in zip(said, heardMilliseconds) {
            if let wireItem = cut.item.wireItem, link.stage == .ready, cut.item.item.ordinal > link.foreignItems {
                if milliseconds > 0 {
                    actions.append(.send(.truncate(item: wireItem, audioEndMilliseconds: milliseconds)))
                } else if cut.item.received > 0 {
                    actions.append(.send(.deleteItem(wireItem)))  // Not a word of it was heard.
                }
            }
            endCutTurn(cut, byCaller: byCaller, &actions)
        }
    }

    private func isAllHeard(_ item: PlayoutLedger.Item) -> Bool {
        item.isComplete && item.queued == 0 && ledger.heard(item.item, at: now) == item.sent
    }
}

/// An item at the moment it was cut.
struct CutItem {
    let item: PlayoutLedger.Item
    let heardSamples: Int
    var heardScalars = 0
    init(_ item: PlayoutLedger.Item, heardSamples: Int) { (self.item, self.heardSamples) = (item, heardSamples) }
}
