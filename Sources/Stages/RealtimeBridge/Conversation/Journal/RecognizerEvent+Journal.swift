extension RecognizerEvent: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case said = 1, finished }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .said(let words):
            encoder.kind(JournalKind.said)
            encoder.put(words.speaker)
            encoder.put(words.text)
            encoder.put(words.startedAt)
            encoder.put(words.endedAt)
        case .finished: encoder.kind(JournalKind.finished)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .said:
            self = .said(
                RecognizedTurn(
                    speaker: try decoder.value(), text: try decoder.value(), startedAt: try decoder.value(),
                    endedAt: try decoder.value()))
        case .finished: self = .finished
        }
    }
}

extension ConversationPolicy.Mode: JournalCoded {}
