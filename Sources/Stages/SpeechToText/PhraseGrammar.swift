/// A list of phrases as the JSGF grammar that accepts exactly one of them.
///
/// - Source: JSpeech Grammar Format, W3C note of 5 June 2000.
struct PhraseGrammar {
    /// Normalised and without repetitions, in the order given.
    let phrases: [String]
    /// Every word of the phrases once, in order of appearance.
    let words: [String]

    static let maximumPhrases = 1_000
    static let maximumWordsPerPhrase = 40

    init(_ list: [String]) throws(RecognitionError) {
        guard !list.isEmpty else { throw RecognitionError(.badPhrase, "no phrases: at least one is needed") }
        guard list.count <= Self.maximumPhrases else {
            throw RecognitionError(.badPhrase, "\(list.count) phrases: at most \(Self.maximumPhrases)")
        }
        var phrases: [String] = []
        var words: [String] = []
        var seenPhrases: Set<String> = []
        var seenWords: Set<String> = []
        for original in list {
            let spoken = try Self.words(of: original)
            let phrase = spoken.joined(separator: " ")
            if seenPhrases.insert(phrase).inserted { phrases.append(phrase) }
            for word in spoken where seenWords.insert(word).inserted { words.append(word) }
        }
        (self.phrases, self.words) = (phrases, words)
    }

    func jsgf(name: String) -> String {
        "#JSGF V1.0;\ngrammar \(name);\npublic <phrase> = \(phrases.joined(separator: " | "));\n"
    }

    /// The words of a phrase as the dictionary writes them: lower case, punctuation of writing left out.
    static func words(of phrase: String) throws(RecognitionError) -> [String] {
        var words: [String] = []
        var word = ""
        for character in phrase.lowercased() {
            switch character {
            case "a"..."z" where character.isASCII, "'": word.append(character)
            case "\u{2019}": word.append("'")
            case " ", "\t", "\n", "-", ",", ".", "!", "?", ";", ":":
                if !word.isEmpty { words.append(word) }
                word = ""
            default:
                throw RecognitionError(
                    .badPhrase,
                    "phrase \"\(phrase)\": \"\(character)\" cannot be spoken; expected English words in letters")
            }
        }
        if !word.isEmpty { words.append(word) }
        guard !words.isEmpty else { throw RecognitionError(.badPhrase, "phrase \"\(phrase)\" holds no word") }
        guard words.count <= maximumWordsPerPhrase else {
            throw RecognitionError(
                .badPhrase, "phrase \"\(phrase)\" has \(words.count) words: at most \(maximumWordsPerPhrase)")
        }
        return words
    }
}
