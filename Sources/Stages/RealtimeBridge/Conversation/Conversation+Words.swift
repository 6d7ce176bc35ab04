/// What the words of a brief utterance say of it.
enum WordsVerdict {
    /// Not known yet, or not to the end.
    case open
    /// A backchannel, too few words, or none at all.
    case ignored
    case spoken
    /// There will be no words.
    case failed
}

/// Brief utterances over the agent's voice are judged by their words (S30): the agent pauses at the onset as always, and
/// goes on with the next sample when they were nothing but "mhmm". Speech that lasts needs no words.
extension Conversation {
    /// With turns of the model's the server has cut its answer before any word is known.
    var judgesWords: Bool {
        policy.turns == .ours && (policy.minimumWords > 0 || !policy.backchannels.isEmpty)
    }

    /// The caller's speech is no click: it pauses the agent, and is judged by its length or its words.
    mutating func beginJudging(_ actions: inout ActionList) {
        let start = voice.startedAt ?? now
        if !interruption.isPending {
            interruption.onsetAt = start
            guard take(.voiceOnset, &actions) else { return confirmInterruption(&actions) }
        }
        interruption.judging = .speech
        let length = policy.briefSpeechMilliseconds + policy.voiceHangoverMilliseconds
        arm(.confirmInterruption, at: max(now, start.advanced(byMilliseconds: length)), &actions)
    }

    /// It ended before it was long: its words are waited for, for a moment.
    mutating func judgedSpeechEnded(_ actions: inout ActionList) {
        if interruption.judging == .speech {
            interruption.judging = .words
            arm(.confirmInterruption, inMilliseconds: policy.wordsWaitMilliseconds, &actions)
        }
        judgeWords(&actions)
    }

    /// The time to decide by length, or to wait for words, is over.
    mutating func judgementDue(_ actions: inout ActionList) {
        if interruption.judging == .speech, voice.isSpeaking || speech.isSpeaking {
            return confirmInterruption(&actions)
        }
        goOnWithoutWords(&actions)
    }

    /// Words came for an utterance that is not settled.
    mutating func judgeWords(_ actions: inout ActionList) {
        if interruption.judging != .none {
            judgePending(&actions)
        } else {
            judgeLate(&actions)
        }
    }

    private mutating func judgePending(_ actions: inout ActionList) {
        var isOpen = voice.isSpeaking
        var wasHeard = false
        for utterance in speech.utterances where utterance.startedAt >= judgedFrom {
            wasHeard = true
            switch verdict(of: utterance) {
            case .spoken: return confirmInterruption(&actions)
            case .failed: return goOnWithoutWords(&actions)
            case .open: isOpen = true
            case .ignored: break
            }
        }
        guard wasHeard, !isOpen else { return }
        actions.append(.note(.backchannelIgnored))
        if policy.keepsBackchannels { speech.keepAsNotes(since: judgedFrom) }
        rejectInterruption(&actions)
    }

    /// What began with the onset, or a little before it.
    private var judgedFrom: CallInstant {
        (interruption.onsetAt ?? now).advanced(byMilliseconds: -Self.modelLeadMilliseconds)
    }

    /// The agent has been silent long enough, or no words will come.
    private mutating func goOnWithoutWords(_ actions: inout ActionList) {
        actions.append(.note(.wordsLate))
        if policy.lateWords == .interrupt { return confirmInterruption(&actions) }
        guard speech.putOff(since: judgedFrom) else { return rejectInterruption(&actions) }  // Heard by nobody but us.
        resumeUnrejected(&actions)
        arm(.words, inMilliseconds: policy.wordsGiveUpMilliseconds, &actions)
        judgeLate(&actions)
    }

    /// The agent goes on, and what the caller said is not taken back.
    mutating func resumeUnrejected(_ actions: inout ActionList) {
        take(ending == nil || state == .reconnecting ? .interruptionRejected : .goodbyeResumed, &actions)
        resolveHeldItems(&actions)
    }

    /// Words of utterances over which the agent has gone on.
    private mutating func judgeLate(_ actions: inout ActionList) {
        for utterance in speech.utterances where utterance.awaitsWords {
            switch verdict(of: utterance) {
            case .open: continue
            case .ignored:
                actions.append(.note(.backchannelIgnored))
                speech.ignore(utterance.item, asNote: policy.keepsBackchannels)
            case .failed: speech.stopWaiting(utterance.item)
            case .spoken:
                if mayInterrupt || interruption.isPending {
                    return confirmInterruption(since: utterance.startedAt, &actions)
                }
                speech.stopWaiting(utterance.item)
            }
        }
        resolveHeldItems(&actions)
        if !speech.awaitsWords { disarm(.words, &actions) }
    }

    /// They are turns like any other, answered after what is being said.
    mutating func wordsNeverCame(_ actions: inout ActionList) {
        for utterance in speech.utterances where utterance.awaitsWords { speech.stopWaiting(utterance.item) }
        resolveHeldItems(&actions)
    }

    private func verdict(of utterance: ModelSpeech.Utterance) -> WordsVerdict {
        switch utterance.transcript {
        case nil: return .open
        case .failed: return .failed
        case .final(let text):
            let words = SpokenPhrases.words(of: text)
            let isIgnored = words.count < max(1, policy.minimumWords) || policy.backchannels.make(words)
            return isIgnored ? .ignored : .spoken
        case .partial(let text):
            let words = SpokenPhrases.words(of: text)
            if words.count < max(1, policy.minimumWords) { return .open }
            return policy.backchannels.make(words, isOpen: true) ? .open : .spoken
        }
    }

    // MARK: Messages that are heard to their end

    /// A message of the agent's that may not be cut is still to be heard, or may be one.
    var isProtectedMessageUnheard: Bool {
        guard !policy.protectedMessages.isEmpty else { return false }
        for index in turns.speeches.indices where turns.speeches[index].protection != .none {
            guard !turns.speeches[index].isEnded, let playout = turns.speeches[index].playout,
                let item = ledger[playout], !item.isCut
            else { continue }
            if !item.isComplete || item.queued > 0 || ledger.heard(playout, at: now) < item.sent { return true }
        }
        return false
    }

    /// The agent's words have grown: are they a message that may not be cut? A pause over it is over.
    mutating func protect(_ index: Int, _ actions: inout ActionList) {
        let speech = turns.speeches[index]
        guard speech.protection != .whole else { return }
        let words = SpokenPhrases.words(of: speech.text)
        if policy.protectedMessages.occur(in: words) {
            turns.speeches[index].protection = .whole
        } else {
            let mayBe = !speech.isWhole && policy.protectedMessages.mayFollow(words)
            turns.speeches[index].protection = mayBe ? .possible : .none
        }
        if interruption.isPending, turns.speeches[index].protection == .whole, isProtectedMessageUnheard {
            self.speech.acceptAll()
            resumeUnrejected(&actions)
        }
    }
}
