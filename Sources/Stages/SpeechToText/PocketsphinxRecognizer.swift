public import AudioPipeline
import Glibc

/// Recognizes the phrases of a list, offline, with pocketsphinx, and says so when it heard none of them.
///
/// Two searches hear each utterance: a grammar of the phrases, which always finds one, and a loop of any English sounds,
/// which fits everything a little. A phrase counts only if it explains the sound nearly as well as the loop does. On
/// recorded telephone prompts that told the two apart where the engine's own confidence did not.
///
/// - Input: 16 kHz, mono, one utterance of at most 60 s; telephone audio raised from 8 kHz is what it was tuned on.
/// - Cost: about 0.15 s of processor time per second of speech; a new one takes 0.15 s and some 30 MB.
/// - Thread: one at a time.
public final class PocketsphinxRecognizer: SpeechRecognizer {
    public var sampleRateHz: Int { 16_000 }
    public var cost: StageCost { .worker }
    /// The phrases as they will appear in transcripts: lower case, without punctuation.
    public let phrases: [String]

    private let decoder: PocketsphinxDecoder
    private let acceptance: Float

    /// Lowest acceptable difference between phrase and loop, per 10 ms of speech in the engine's own log units. Recorded
    /// prompts: phrases of the list -20 ... +2, others below -28.
    public static let defaultAcceptance: Float = -25

    static let maximumSamples = 60 * 16_000
    /// Shorter than any word.
    static let minimumSamples = 16_000 / 10
    /// The engine's normalisation wants some silence around words; detectors cut closer than that.
    static let paddingSamples = 6_400

    public init(
        phrases: [String], model: PocketsphinxModel = .init(), acceptance: Float = defaultAcceptance
    ) throws(RecognitionError) {
        let grammar = try PhraseGrammar(phrases)
        let decoder = try PocketsphinxDecoder(model: model, sampleRateHz: 16_000)
        for word in grammar.words where !decoder.knows(word) {
            let phrase = grammar.phrases.first { $0.split(separator: " ").contains(Substring(word)) } ?? word
            throw RecognitionError(
                .unknownWord,
                "phrase \"\(phrase)\": the word \"\(word)\" is not in the dictionary \(model.dictionaryFile)")
        }
        var sounds: [String] = []
        for (index, phone) in Self.phones.enumerated() {
            let word = "xphone" + phone.lowercased()
            try decoder.add(word: word, phones: phone, isLast: index == Self.phones.count - 1)
            sounds.append(word)
        }
        try decoder.addSearch(name: "phrases", jsgf: grammar.jsgf(name: "phrases"))
        try decoder.addSearch(
            name: "sounds",
            jsgf: "#JSGF V1.0;\ngrammar sounds;\npublic <any> = ( \(sounds.joined(separator: " | ")) )+;\n")
        self.phrases = grammar.phrases
        self.decoder = decoder
        self.acceptance = acceptance
    }

    public func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        guard utterance.count <= Self.maximumSamples else {
            throw RecognitionError(
                .utteranceTooLong, "utterance of \(utterance.count / 16_000) s: at most 60 s at once")
        }
        guard utterance.count >= Self.minimumSamples else { return .unknown }
        let padded = Self.padded(utterance)
        let phrase = try decoder.decode(padded.span, search: "phrases")
        let speechFrames = phrase.words.reduce(0) { $0 + $1.endMilliseconds - $1.startMilliseconds } / 10
        guard speechFrames > 0 else { return .unknown }
        let any = try decoder.decode(padded.span, search: "sounds")
        let difference = any.words.isEmpty ? 0 : Float(phrase.score - any.score) / Float(speechFrames)
        guard difference >= acceptance else { return .unknown }
        return Transcript(
            text: phrase.words.map(\.text).joined(separator: " "),
            confidence: 1 / (1 + exp((acceptance - difference) / 8)),
            words: phrase.words.map(withoutPadding))
    }

    /// The utterance in 0.8 s of faint, always equal noise, 69 dB below full scale: that much told phrases of the list
    /// from other speech best (digital silence has no spectrum to normalise by, and the engine drops it).
    private static func padded(_ utterance: Span<Int16>) -> [Int16] {
        var state: UInt32 = 0x2545_F491
        func noise() -> Int16 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Int16(truncatingIfNeeded: (state >> 16) % 41) - 20
        }
        var samples: [Int16] = []
        samples.reserveCapacity(utterance.count + 2 * paddingSamples)
        for _ in 0..<paddingSamples { samples.append(noise()) }
        for index in utterance.indices { samples.append(Int16(clamping: Int(utterance[index]) + Int(noise()))) }
        for _ in 0..<paddingSamples { samples.append(noise()) }
        return samples
    }

    private func withoutPadding(_ word: Transcript.Word) -> Transcript.Word {
        let offset = Self.paddingSamples / 16
        return Transcript.Word(
            text: word.text, startMilliseconds: max(0, word.startMilliseconds - offset),
            endMilliseconds: max(0, word.endMilliseconds - offset))
    }

    /// The sounds of American English in CMU's notation, as the model has them.
    private static let phones = [
        "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH",
        "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
    ]
}
