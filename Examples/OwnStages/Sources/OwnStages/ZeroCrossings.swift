import AudioPipeline
import VAD

/// Speech is loud, and crosses zero less often than hiss: the simplest detector that is one.
struct ZeroCrossings: VoiceActivityDetector, ~Copyable {
    var window: DetectorWindow { .telephoneFrame }
    var latencyMilliseconds: Int { 0 }

    mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        var crossings = 0
        var loudness = 0
        for index in 1..<window.count {
            if (window[index] < 0) != (window[index - 1] < 0) { crossings += 1 }
            loudness += abs(Int(window[index]))
        }
        let isSpeech = loudness > 300 * window.count && crossings < window.count * 2 / 5
        return VoiceActivity(probability: isSpeech ? 1 : 0, isSpeech: isSpeech)
    }

    mutating func reset() {}
}
