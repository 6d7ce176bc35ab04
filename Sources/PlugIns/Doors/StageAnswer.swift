import AudioPipeline
import Foundation
import SpeechToText
import VAD

/// One line that a program writes on its standard output, or one text message of a server: a JSON object.
struct StageAnswer: Decodable, Equatable {
    // The first line of a program, before any audio.
    var role: String?
    var version: Int?
    var sampleRateHz: Int?
    var windowSamples: Int?
    var latencyMilliseconds: Int?
    /// Of a recogniser: it wants a call's sound as it comes, and several calls at once.
    var streaming: Bool?

    // Of a detector: one for each window, in order.
    var call: UInt32?
    var speech: Bool?
    var probability: Double?

    // Of a recogniser: as many as it likes.
    var partial: String?
    var final: String?
    var confidence: Double?
    /// Milliseconds of the call's audio.
    var start: Int?
    var end: Int?
    var words: [Word]?

    /// Of a recogniser: it has said all of this call.
    var done: Bool?

    // Either's: it cannot go on with this call.
    var error: String?

    struct Word: Decodable, Equatable {
        var word: String
        var start: Int
        var end: Int
    }

    /// Longer lines are no answers.
    static let maximumBytes = 64 * 1_024

    /// Nil: no JSON object, or one whose fields have other types.
    init?(_ line: ArraySlice<UInt8>) {
        if let quick = StageAnswer(quick: line) {
            self = quick
            return
        }
        self.init(general: line)
    }

    /// The same by a general reader of JSON.
    init?(general line: ArraySlice<UInt8>) {
        guard let answer = try? JSONDecoder().decode(StageAnswer.self, from: Data(line)) else { return nil }
        self = answer
    }

    /// A detector's decision: `speech`, `probability`, or both.
    var activity: VoiceActivity? {
        guard speech != nil || probability != nil else { return nil }
        let likely = probability ?? (speech == true ? 1 : 0)
        return VoiceActivity(probability: Float(likely), isSpeech: speech ?? (likely >= 0.5))
    }

    var result: RecognitionResult? {
        guard let text = final ?? partial, start ?? 0 >= 0, end ?? 0 >= 0 else { return nil }
        let words = (words ?? []).map {
            Transcript.Word(text: $0.word, startMilliseconds: $0.start, endMilliseconds: $0.end)
        }
        return RecognitionResult(
            transcript: Transcript(text: text, confidence: Float(confidence ?? 0), words: words),
            isFinal: final != nil, startMilliseconds: start ?? words.first?.startMilliseconds ?? 0,
            endMilliseconds: end ?? words.last?.endMilliseconds ?? 0)
    }

    /// What the first line says of a detector.
    /// - Throws: what is wrong with it, in a sentence.
    func introduction() throws(StageFault) -> DetectorWindow {
        guard role == "vad" else {
            throw StageFault("the first line says role `\(role ?? "")`; `vad` was expected")
        }
        guard version ?? 1 == 1 else { throw StageFault("the first line says version \(version ?? 1); 1 was expected") }
        guard let sampleRateHz, let windowSamples else {
            throw StageFault("the first line lacks `sampleRateHz` or `windowSamples`")
        }
        return try DetectorWindow(sampleRateHz: sampleRateHz, samples: windowSamples)
    }
}
