import Synchronization

/// Remembers rendered sentences: a script says the same things again and again. Bounded; the oldest go first.
final class SpeechCache: SpeechVoice {
    private let voice: any SpeechVoice
    private let maximumSamples: Int
    private let state = Mutex(State())

    private struct Key: Hashable {
        var text: String
        var sampleRateHz: Int
        var speed: Double
    }

    private struct State {
        var sentences: [Key: [Int16]] = [:]
        var order: [Key] = []
        var samples = 0
    }

    /// - Parameter maximumSamples: two bytes each.
    init(_ voice: any SpeechVoice, maximumSamples: Int = 8_000_000) {
        (self.voice, self.maximumSamples) = (voice, maximumSamples)
    }

    func render(_ text: String, sampleRateHz: Int, speed: Double) throws(SpeechVoiceError) -> [Int16] {
        let key = Key(text: text, sampleRateHz: sampleRateHz, speed: speed)
        if let known = state.withLock({ $0.sentences[key] }) { return known }
        let samples = try voice.render(text, sampleRateHz: sampleRateHz, speed: speed)
        state.withLock { state in
            guard samples.count <= maximumSamples, state.sentences.updateValue(samples, forKey: key) == nil else {
                return
            }
            state.order.append(key)
            state.samples += samples.count
            while state.samples > maximumSamples {
                state.samples -= state.sentences.removeValue(forKey: state.order.removeFirst())?.count ?? 0
            }
        }
        return samples
    }
}
