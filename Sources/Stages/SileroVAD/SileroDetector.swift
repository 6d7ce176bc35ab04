public import AudioPipeline
import CSileroVAD
public import VAD

/// Silero VAD as a forward pass of our own, with weights of the user's.
///
/// - Input: linear PCM, 32 ms windows, 16 kHz or 8 kHz by the weights.
/// - Decision: speech from a probability of 0.5 on, and as long as it stays at 0.35. Source: the reference's hysteresis.
/// - Cost: see Benchmarks; 1.3 KB for each call, the weights (1.3 MB) are shared. Allocates nothing.
public struct SileroDetector: VoiceActivityDetector, ~Copyable {
    public let window: DetectorWindow
    /// A window's own length is all.
    public var latencyMilliseconds: Int { 0 }
    public var cost: StageCost { .inline }

    static let start: Float = 0.5, goOn: Float = 0.35

    private let weights: SileroWeights
    private var memory = silero_memory()
    private var isSpeech = false

    public init(_ weights: SileroWeights) {
        self.weights = weights
        // Of the two rates that weights can have.
        window = try! DetectorWindow(sampleRateHz: weights.sampleRateHz, samples: weights.windowSamples)
    }

    public mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        guard window.count == self.window.samples else { return VoiceActivity(probability: .nan, isSpeech: false) }
        let probability = weights.hear(window, &memory)
        isSpeech = probability >= (isSpeech ? Self.goOn : Self.start)
        return VoiceActivity(probability: probability, isSpeech: isSpeech)
    }

    public mutating func reset() {
        memory = silero_memory()
        isSpeech = false
    }
}
