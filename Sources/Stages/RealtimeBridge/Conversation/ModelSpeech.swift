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

    /// A new local onset belongs to the utterance that is going on, and vouches for it.
    mutating func localOnset() {
        for index in utterances.indices where utterances[index].stoppedAt == nil {
            utterances[index].hasLocalOnset = true
            utterances[index].isRejected = false
        }
    }

    /// What began with a rejected onset, or after it, is rejected with it; older words are not.
    mutating func reject(since onset: CallInstant) {
        for index in utterances.indices where utterances[index].startedAt >= onset {
            utterances[index].isRejected = true
        }
    }

    mutating func acceptAll() {
        for index in utterances.indices {
            utterances[index].isRejected = false
            utterances[index].hasLocalOnset = true
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
        let held = utterances.filter(\.isHeld)
        utterances.removeAll(where: \.isHeld)
        return held
    }
}
