/// Cuts text that arrives in pieces into what can be spoken at once: sentences, or 240 characters when none ends.
struct SentenceSplitter {
    private var pending = ""
    private static let maximumCharacters = 240

    mutating func add(_ text: String) -> [String] {
        var sentences: [String] = []
        for character in text {
            // The character after the full stop tells "3.5" from the end of a sentence.
            if character.isWhitespace, let last = pending.last, last.isSentenceEnd || character.isNewline {
                flush(&sentences)
                continue
            }
            if pending.isEmpty, character.isWhitespace { continue }
            pending.append(character)
            if pending.count >= Self.maximumCharacters,
                character.isWhitespace || pending.count > 2 * Self.maximumCharacters
            {
                flush(&sentences)
            }
        }
        return sentences
    }

    /// What is left.
    mutating func finish() -> [String] {
        var sentences: [String] = []
        flush(&sentences)
        return sentences
    }

    private mutating func flush(_ sentences: inout [String]) {
        while pending.last?.isWhitespace == true { pending.removeLast() }
        if !pending.isEmpty { sentences.append(pending) }
        pending = ""
    }
}

extension Character {
    fileprivate var isSentenceEnd: Bool { ".!?\u{2026}\u{3002}".contains(self) }
}
