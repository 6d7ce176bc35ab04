extension Conversation {
    // MARK: The caller

    mutating func committed(_ item: WireID, _ actions: inout ActionList) {
        guard link.stage == .ready else { return actions.append(.note(.staleEventIgnored)) }
        link.committedAt = now
        guard turns.callerTurn(of: item) == nil else { return actions.append(.note(.staleEventIgnored)) }
        let utterance =
            speech.remove(item)
            ?? ModelSpeech.Utterance(
                item: item, startedAt: now, stoppedAt: now, hasLocalOnset: true, duringAgent: false, isRejected: false)
        if policy.turns == .model {
            accept(utterance, &actions)
        } else if interruption.isPending || utterance.awaitsWords {
            speech.hold(utterance)
        } else {
            resolve(utterance, &actions)
        }
    }

    /// Heard by the model alone while the agent spoke, or while the local ears heard him come back: our own voice (S31).
    /// A caller too quiet for the local detector outlasts the agent.
    private func isEcho(_ utterance: ModelSpeech.Utterance) -> Bool {
        guard utterance.duringAgent, !utterance.hasLocalOnset else { return false }
        let agentEnd = ledger.computedEnd.advanced(byMilliseconds: Self.echoTailMilliseconds)
        return (utterance.stoppedAt ?? now) < agentEnd || ledger.unheard(at: now) > 0
    }

    /// What was committed while an interruption was pending shares its fate.
    mutating func resolveHeldItems(_ actions: inout ActionList) {
        for utterance in speech.removeHeld() { resolve(utterance, &actions) }
    }

    /// A turn, a note, or nothing.
    private mutating func resolve(_ utterance: ModelSpeech.Utterance, _ actions: inout ActionList) {
        if utterance.isRejected || (!utterance.isHeld && isEcho(utterance)) {
            actions.append(.send(.deleteItem(utterance.item)))
        } else if utterance.isNote {
            _ = beginCallerTurn(utterance, &actions)
        } else {
            accept(utterance, &actions)
        }
    }

    /// The session that heard them is gone, or the call: words that were not settled are the caller's all the same.
    mutating func acceptHeldItems(owing: Bool, _ actions: inout ActionList) {
        speech.stopWaiting()
        for utterance in speech.removeHeld() where !utterance.isRejected {
            _ = beginCallerTurn(utterance, &actions)
            if owing, !utterance.isNote { owe(.turn) }
        }
    }

    /// A turn of the caller's: stored, and answered once.
    private mutating func accept(_ utterance: ModelSpeech.Utterance, _ actions: inout ActionList) {
        let index = beginCallerTurn(utterance, &actions)
        (selfAnswers, silencePrompts, tools.rounds) = (0, 0, 0)
        answerIsDue(.callerSpeech, since: turns[index]?.endedAt ?? now)
        guard policy.turns == .model else { return owe(.turn) }
        speech.awaitsOwnAnswer = true
        if active == nil { arm(.responseStart, inMilliseconds: policy.modelAnswerMilliseconds, &actions) }
    }

    private mutating func beginCallerTurn(
        _ utterance: ModelSpeech.Utterance, _ actions: inout ActionList
    ) -> Int {
        // The local detector's times are nearer the truth than the arrival of messages, when they mean the same words.
        let stopped = utterance.stoppedAt ?? now
        var start = utterance.startedAt
        var end = utterance.stoppedAt?.advanced(byMilliseconds: -policy.modelSilenceMilliseconds) ?? now
        if let local = voice.startedAt, local <= stopped, (voice.endedAt ?? now) >= utterance.startedAt {
            start = min(start, local)
            if let localEnd = voice.endedAt, localEnd < stopped, localEnd > start { end = localEnd }
        }
        let index = turns.begin(.caller, item: utterance.item, at: start)
        turns[index]?.endedAt = max(start, end)
        if let transcript = utterance.transcript { write(transcript, to: index) }
        persist(index, &actions)
        return index
    }

    /// Text for a turn, whenever it comes; it moves nothing (S35).
    mutating func transcribed(_ item: WireID, _ transcript: InputTranscript, _ actions: inout ActionList) {
        if speech.heard(item, transcript) {  // Not a turn yet.
            if judgesWords { judgeWords(&actions) }
            return
        }
        guard let index = turns.callerTurn(of: item), turns[index]?.textSource == Turn.Text.none else { return }
        write(transcript, to: index)
        if case .partial = transcript { return }
        persist(index, &actions)
    }

    private mutating func write(_ transcript: InputTranscript, to index: Int) {
        switch transcript {
        case .partial(let text):
            turns[index]?.text += text  // Kept in case the call ends before the whole; stored with it.
        case .final(let text):
            turns[index]?.text = text
            turns[index]?.plannedText = text
            turns[index]?.textSource = .transcribed
        case .failed:
            turns[index]?.textSource = .failed
        }
    }

    /// Text is awaited for the newest turns only: a session that transcribes nothing must not pile up work for its end.
    static let awaitedTurns = 16

    /// Transcripts of a lost session will not come.
    mutating func loseTranscripts(_ actions: inout ActionList) {
        for turn in turns.turns.suffix(Self.awaitedTurns) where turn.speaker == .caller && turn.textSource == .none {
            turns[turn.index]?.textSource = turn.text.isEmpty ? .failed : .estimated
            persist(turn.index, &actions)
        }
    }

    var awaitsTranscripts: Bool {
        if policy.mode == .transcribe { return !isListeningOver }
        return link.stage == .ready
            && turns.turns.suffix(Self.awaitedTurns).contains {
                $0.speaker == .caller && $0.item != nil && $0.textSource == .none
            }
    }

    // MARK: The agent

    mutating func spoke(_ text: String, response: WireID, item: WireID, _ actions: inout ActionList) {
        guard active?.id == response, active?.cancelRequested == false else { return }
        let index = turns.speech(of: item) ?? turns.addSpeech(.init(wireItem: item))
        turns.speeches[index].text += text
        if !policy.protectedMessages.isEmpty { protect(index, &actions) }
    }

    mutating func spokeAll(_ text: String, item: WireID, _ actions: inout ActionList) {
        guard let index = turns.speech(of: item), !turns.speeches[index].isWhole else { return }
        turns.speeches[index].text = text
        turns.speeches[index].isWhole = true
        if !policy.protectedMessages.isEmpty { protect(index, &actions) }
        guard let turn = turns.speeches[index].turn else { return }
        turns[turn]?.plannedText = text
        if turns[turn]?.endedAt != nil, turns[turn]?.textSource != .estimated {
            turns[turn]?.text = text
            turns[turn]?.textSource = .transcribed
        }
        persist(turn, &actions)
    }

    mutating func playoutStarted(_ item: PlayoutItem, _ actions: inout ActionList) {
        guard let entry = ledger[item], !entry.isCut else { return actions.append(.note(.staleEventIgnored)) }
        let speech = turns.speech(of: item) ?? turns.addSpeech(.init(wireItem: entry.wireItem, playout: item))
        guard turns.speeches[speech].turn == nil, canTake(.playoutStarted) else { return }
        if let response = entry.response, active?.id == response { active?.playoutBegan = true }
        let index = turns.begin(.agent, item: entry.wireItem, at: now)
        turns.speeches[speech].turn = index
        let planned = turns.speeches[speech].text
        turns[index]?.plannedText = planned
        answerBegan(entry, turn: index)
        take(.playoutStarted, &actions)
    }

    /// Effect `beginAgentTurn`.
    mutating func storeNewestTurn(_ actions: inout ActionList) {
        if let turn = turns.turns.last { persist(turn.index, &actions) }
    }

    /// Part of `settle`: turns that were heard to their end.
    mutating func endHeardTurns(_ actions: inout ActionList) {
        guard turns.hasOpenAgentTurn else { return }
        let all = ledger.isAllHeard(at: now, graceMilliseconds: proofMilliseconds)
        for index in turns.speeches.indices {
            let speech = turns.speeches[index]
            guard let turn = speech.turn, !speech.isEnded, let playout = speech.playout else { continue }
            guard all || ledger.isProven(playout) else { continue }
            turns.speeches[index].isEnded = true
            settleFigures(of: turn, playout, isWhole: true)
            learnPace(of: playout, saying: speech.text)
            turns[turn]?.endedAt = now
            turns[turn]?.text = speech.text
            turns[turn]?.plannedText = speech.text
            turns[turn]?.textSource = speech.text.isEmpty ? .none : .transcribed
            persist(turn, &actions)
        }
    }

    mutating func endCutTurn(_ cut: CutItem, byCaller: Bool, _ actions: inout ActionList) {
        guard let index = turns.speech(of: cut.item.item), let turn = turns.speeches[index].turn,
            !turns.speeches[index].isEnded
        else { return }
        let text = turns.speeches[index].text
        turns.speeches[index].isEnded = true
        settleFigures(of: turn, cut.item.item, isWhole: false)
        turns[turn]?.endedAt = now
        turns[turn]?.text = HeardText.cut(text, atScalars: cut.heardScalars)
        turns[turn]?.plannedText = text
        turns[turn]?.textSource = text.isEmpty ? .none : .estimated
        if byCaller {
            let onset = interruption.onsetAt ?? now
            turns[turn]?.interruptedAt = onset
            turns[turn]?.interruptionMilliseconds = max(0, ledger.lastSentAt.milliseconds(since: onset))
        }
        persist(turn, &actions)
    }

    // MARK: The store

    mutating func persist(_ index: Int, _ actions: inout ActionList) {
        if let turn = turns[index] { actions.append(.persist(.turn(turn))) }
    }

    /// The call ends: every open turn is closed as it stands, the caller's unfinished words become one.
    mutating func closeTurns(_ actions: inout ActionList) {
        endHeardTurns(&actions)
        for index in turns.speeches.indices {
            let speech = turns.speeches[index]
            guard speech.turn != nil, !speech.isEnded, let playout = speech.playout, let item = ledger[playout] else {
                continue
            }
            var cut = CutItem(item, heardSamples: ledger.heard(playout, at: now))
            cut.heardScalars = heardScalars(of: playout)
            endCutTurn(cut, byCaller: false, &actions)
        }
        acceptHeldItems(owing: false, &actions)
        if let utterance = speech.current, !utterance.isRejected, !isEcho(utterance) {
            _ = beginCallerTurn(utterance, &actions)
            if link.stage == .ready { actions.append(.send(.commitInput)) }  // For its transcript.
        } else if policy.mode == .agent, voice.isSpeaking, voice.isSustained, let start = voice.startedAt {
            let index = turns.begin(.caller, item: nil, at: start)
            turns[index]?.endedAt = now
            persist(index, &actions)
        }
        speech = ModelSpeech()  // What transcripts come now are for turns.
    }
}
