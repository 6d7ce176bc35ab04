/// What a recogniser says that stands in the model's place: a call that is only listened to.
public enum RecognizerEvent: Sendable, Equatable {
    case said(RecognizedTurn)
    /// After the hang-up: no more words of this call will come.
    case finished
}

/// One utterance, and whose it is.
public struct RecognizedTurn: Sendable, Equatable {
    public var speaker: Turn.Speaker
    public var text: String
    /// On the call's clock.
    public var startedAt: CallInstant, endedAt: CallInstant

    public init(speaker: Turn.Speaker, text: String, startedAt: CallInstant, endedAt: CallInstant) {
        (self.speaker, self.text, self.startedAt, self.endedAt) = (speaker, text, startedAt, endedAt)
    }
}

extension Conversation {
    /// Its words are turns at once; nobody answers them.
    mutating func recognized(_ event: RecognizerEvent, _ actions: inout ActionList) {
        guard policy.mode == .transcribe, state != .waiting else { return actions.append(.note(.staleEventIgnored)) }
        switch event {
        case .finished: isListeningOver = state == .closing
        case .said(let words):
            let start = min(words.startedAt, now)
            let index = turns.begin(words.speaker, item: nil, at: start)
            turns[index]?.endedAt = min(max(start, words.endedAt), now)
            turns[index]?.text = words.text
            turns[index]?.plannedText = words.text
            turns[index]?.textSource = words.text.isEmpty ? .none : .transcribed
            persist(index, &actions)
        }
    }
}
