/// Phrases that are looked for in what was said: backchannels of the caller, messages of the agent that must be heard whole.
///
/// Compared word by word, without case, punctuation, apostrophes, and the vowel points of Hebrew and Arabic.
public struct SpokenPhrases: Sendable, Equatable, ExpressibleByArrayLiteral {
    private let phrases: [[String]]

    /// Texts without a word in them are left out.
    public init(_ texts: [String]) { phrases = texts.map(Self.words).filter { !$0.isEmpty } }
    public init(arrayLiteral texts: String...) { self.init(texts) }

    public var isEmpty: Bool { phrases.isEmpty }

    /// The phrases, as they are compared.
    var texts: [String] { phrases.map { $0.joined(separator: " ") } }

    /// The words of `text` as they are compared. Hyphens part words, as all punctuation does: `uh-huh` is two.
    public static func words(of text: String) -> [String] {
        var words = [String]()
        var word = String.UnicodeScalarView()
        for scalar in text.lowercased().unicodeScalars {
            switch scalar.value {
            case 0x27, 0x2019, 0x5F3, 0x591...0x5BD, 0x5BF, 0x5C1...0x5C2, 0x5C4...0x5C5, 0x5C7, 0x64B...0x652, 0x670:
                continue  // Apostrophes, geresh, points: written by some and left out by others.
            default: break
            }
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || scalar.properties.generalCategory == .nonspacingMark
            {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = .init()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }

    /// `words` are nothing but these phrases, one or more, in any order.
    /// - Parameter isOpen: more may follow: the last word, and the last phrase, may still be growing.
    func make(_ words: [String], isOpen: Bool = false) -> Bool {
        guard !words.isEmpty else { return isOpen }
        // reachable[n]: the first n words are whole phrases.
        var reachable = [Bool](repeating: false, count: words.count + 1)
        reachable[0] = true
        for start in words.indices where reachable[start] {
            for phrase in phrases {
                let left = words.count - start
                if phrase.count <= left, words[start..<(start + phrase.count)].elementsEqual(phrase) {
                    reachable[start + phrase.count] = true
                }
                if isOpen, phrase.count >= left, begins(phrase, with: words[start...]) { return true }
            }
        }
        return reachable[words.count]
    }

    private func begins(_ phrase: [String], with words: ArraySlice<String>) -> Bool {
        words.dropLast().elementsEqual(phrase.prefix(words.count - 1))
            && phrase[words.count - 1].hasPrefix(words[words.endIndex - 1])
    }

    /// One of the phrases stands somewhere in `words`.
    func occur(in words: [String]) -> Bool {
        phrases.contains { phrase in
            words.count >= phrase.count
                && (0...(words.count - phrase.count)).contains { words[$0..<($0 + phrase.count)].elementsEqual(phrase) }
        }
    }

    /// `words` end with the beginning of a phrase, of two words at least: the rest may follow.
    func mayFollow(_ words: [String]) -> Bool {
        phrases.contains { phrase in
            guard phrase.count > 2, words.count >= 2 else { return false }
            return (2...min(phrase.count, words.count)).contains { begins(phrase, with: words.suffix($0)) }
        }
    }
}
