/// The caller's utterances as the model's voice detection hears them: which are the caller's words, and which are a
/// cough or our own echo.
struct ModelSpeech {
    struct Utterance: Equatable {
        let item: WireID
        let startedAt: CallInstant
        var stoppedAt: CallInstant?
        /// The local detector heard it as well.
        var hasLocalOnset: Bool
        /// It began while agent audio was to be heard.
        let duringAgent: Bool
        var isRejected: Bool
        /// Committed while an interruption was pending: decided with it.
        var isHeld = false
        /// The agent has gone on over it; its words will say what it was.
        var awaitsWords = false
        /// A backchannel that stays in the history: no answer is owed for it.
        var isNote = false
        /// What is known of its words; a partial one holds all so far.
        var transcript: InputTranscript?
        /// As it was before an onset that may still be rejected vouched for it.
        var doubt: Doubt?
    }

    struct Doubt: Equatable {
        var hasLocalOnset: Bool
        var isRejected: Bool
    }

    /// Utterances begun and not yet settled, oldest first; at most eight.
    private(set) var utterances = [Utterance]()
    /// With turns decided by the model: it owes an answer to what was committed.
    var awaitsOwnAnswer = false

    var isSpeaking: Bool { utterances.contains { $0.stoppedAt == nil && !$0.isHeld } }
    var current: Utterance? { utterances.last { $0.stoppedAt == nil && !$0.isHeld } }

    mutating func started(
        _ item: WireID, at now: CallInstant, hasLocalOnset: Bool, duringAgent: Bool, isRejected: Bool
    ) {
        guard !utterances.contains(where: { $0.item == item }) else { return }
        // The server hears one utterance at a time: one whose end never came is over.
        for index in utterances.indices where utterances[index].stoppedAt == nil { utterances[index].stoppedAt = now }
        if utterances.count == 8 { utterances.removeFirst() }
        utterances.append(
            Utterance(
                item: item, startedAt: now, hasLocalOnset: hasLocalOnset, duringAgent: duringAgent,
                isRejected: isRejected))
    }

    mutating func stopped(_ item: WireID, at now: CallInstant) {
        for index in utterances.indices where utterances[index].item == item { utterances[index].stoppedAt = now }
    }

    /// A new local onset belongs to the utterance that is going on, and vouches for it: for good, or until it is
    /// rejected when it may be a cough over the agent's echo.
    mutating func localOnset(mayBeRejected: Bool) {
        for index in utterances.indices where utterances[index].stoppedAt == nil {
            utterances[index].doubt =
                mayBeRejected
                ? Doubt(
                    hasLocalOnset: utterances[index].hasLocalOnset, isRejected: utterances[index].isRejected)
                : nil
            utterances[index].hasLocalOnset = true
            utterances[index].isRejected = false
        }
    }

    /// What began with a rejected onset, or after it, is rejected with it; older words are not.
    mutating func reject(since onset: CallInstant) {
        for index in utterances.indices {
            guard let doubt = utterances[index].doubt else { continue }
            utterances[index].hasLocalOnset = doubt.hasLocalOnset
            utterances[index].isRejected = doubt.isRejected
            utterances[index].doubt = nil
        }
        for index in utterances.indices
        where utterances[index].startedAt >= onset && !utterances[index].isNote && !utterances[index].awaitsWords {
            utterances[index].isRejected = true
        }
    }

    mutating func acceptAll() {
        for index in utterances.indices {
            utterances[index].isRejected = false
            utterances[index].hasLocalOnset = true
            utterances[index].doubt = nil
            utterances[index].awaitsWords = false
        }
    }

    // MARK: Words

    var awaitsWords: Bool { utterances.contains(where: \.awaitsWords) }

    /// - Returns: false when no unsettled utterance has this name.
    mutating func heard(_ item: WireID, _ transcript: InputTranscript) -> Bool {
        guard let index = utterances.firstIndex(where: { $0.item == item }) else { return false }
        if case .final = utterances[index].transcript { return true }
        if case .partial(let more) = transcript, case .partial(let known) = utterances[index].transcript {
            utterances[index].transcript = .partial(known + more)
        } else {
            utterances[index].transcript = transcript
        }
        return true
    }

    /// What began since `onset` waits for its words while the agent goes on.
    /// - Returns: false when nothing did.
    mutating func putOff(since onset: CallInstant) -> Bool {
        for index in utterances.indices where utterances[index].startedAt >= onset && !utterances[index].isRejected {
            utterances[index].awaitsWords = true
        }
        return awaitsWords
    }

    mutating func stopWaiting(_ item: WireID) {
        for index in utterances.indices where utterances[index].item == item { utterances[index].awaitsWords = false }
    }

    mutating func stopWaiting() { for index in utterances.indices { utterances[index].awaitsWords = false } }

    mutating func ignore(_ item: WireID, asNote: Bool) {
        for index in utterances.indices where utterances[index].item == item {
            utterances[index].awaitsWords = false
            utterances[index].isNote = asNote && utterances[index].hasWords
            utterances[index].isRejected = !utterances[index].isNote
        }
    }

    mutating func keepAsNotes(since onset: CallInstant) {
        for index in utterances.indices where utterances[index].startedAt >= onset && utterances[index].hasWords {
            utterances[index].isNote = true
        }
    }

    mutating func remove(_ item: WireID) -> Utterance? {
        guard let index = utterances.firstIndex(where: { $0.item == item }) else { return nil }
        return utterances.remove(at: index)
    }

    mutating func hold(_ utterance: Utterance) {
        var held = utterance
        held.isHeld = true
        utterances.append(held)
    }

    mutating func removeHeld() -> [Utterance] {
        let held = utterances.filter { $0.isHeld && !$0.awaitsWords }
        if !held.isEmpty { utterances.removeAll { $0.isHeld && !$0.awaitsWords } }
        return held
    }
}

extension ModelSpeech.Utterance {
    var hasWords: Bool {
        switch transcript {
        case .partial(let text), .final(let text): !SpokenPhrases.words(of: text).isEmpty
        case .failed, nil: false
        }
    }
}
