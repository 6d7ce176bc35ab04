import AudioPipeline
import SpeechToText

/// Understands no word, and says how long was spoken: where an engine goes.
final class Stopwatch: SpeechRecognizer {
    var sampleRateHz: Int { 16_000 }
    var cost: StageCost { .worker }

    func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        Transcript(text: "\(utterance.count / 16) milliseconds", confidence: 1)
    }
}
