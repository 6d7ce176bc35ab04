/// How quickly the agent speaks, and so which of its words lie in a stretch of its sound.
///
/// The provider sends no word times, and its text runs ahead of its audio by whole sentences: where the transcript stood
/// when audio arrived says little. So the text is spread over the whole of the sound once all of it has come, and until
/// then over what has come, but never faster than the agent speaks. A text's length is reckoned in letters: vowels are a
/// little longer, a figure is a word, and stops are pauses. Measured in docs/TURNS.md.
struct SpeechPace: Sendable {
    /// Letters and seconds of what was heard whole; begins as five seconds of an ordinary voice.
    private var letters = 80.0
    private var seconds = 5.0

    var lettersPerSecond: Double { letters / seconds }

    /// An utterance is known whole: how the agent speaks is known better.
    mutating func learn(_ text: String, seconds: Double) {
        let length = Self.length(of: text)
        // Shorter than a second it is mostly silence around a word.
        guard seconds >= 1, length > 0 else { return }
        (letters, self.seconds) = (letters + length, self.seconds + seconds)
    }

    /// How many Unicode scalars of `text` were spoken.
    /// - Parameters:
    ///   - heard: seconds of its sound that were heard.
    ///   - total: seconds of its sound that there are.
    ///   - isComplete: no more will come, of neither.
    func scalars(of text: String, heard: Double, total: Double, isComplete: Bool) -> Int {
        guard heard > 0, total > 0 else { return 0 }
        if heard >= total, isComplete { return text.unicodeScalars.count }
        var spoken = Self.length(of: text) * min(1, heard / total)
        if !isComplete { spoken = min(spoken, lettersPerSecond * heard) }
        var weights = LetterWeights()
        var sum = 0.0
        var count = 0
        for scalar in text.unicodeScalars {
            sum += weights.weight(of: scalar)
            // What is missing of the last letter is rounding.
            guard sum <= spoken + 1e-6 else { break }
            count += 1
        }
        return count
    }

    static func length(of text: String) -> Double {
        var weights = LetterWeights()
        return text.unicodeScalars.reduce(0) { $0 + weights.weight(of: $1) }
    }
}

/// The length of each letter of a text, one after the other, in letters. Weights chosen on 150 replies of flite's voice.
private struct LetterWeights {
    private var wasVowel = false

    mutating func weight(of scalar: Unicode.Scalar) -> Double {
        let follows = wasVowel
        wasVowel = false
        switch scalar {
        case "a", "e", "i", "o", "u", "y", "A", "E", "I", "O", "U", "Y":
            wasVowel = true
            return follows ? 0.36 : 1.2
        case "0"..."9": return 4
        case " ", "\n", "\t", "'", "\"", "\u{2019}", "-": return 0.6
        case ",", ";", ":", "\u{2013}", "\u{2014}": return 4
        case ".", "?", "!", "\u{2026}": return 6
        case "\u{3000}"..."\u{303F}", "\u{FF00}"..."\u{FF0F}": return 5  // Stops of Chinese and Japanese.
        case "\u{3040}"..."\u{30FF}": return 2  // Kana: half a syllable's time each.
        case "\u{3400}"..."\u{9FFF}", "\u{AC00}"..."\u{D7AF}": return 3.4  // A syllable each.
        default:
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark, .format, .control: return 0
            default: return 1
            }
        }
    }
}
