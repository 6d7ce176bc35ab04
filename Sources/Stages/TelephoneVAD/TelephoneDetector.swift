public import AudioPipeline
import CTelephoneVAD
public import VAD

/// Hears speech on telephone lines as a small network learnt it: tones, clicks, sirens and street noise are not speech,
/// however loud.
///
/// - Input: linear PCM, 8 kHz, 20 ms frames, as mu-law leaves it.
/// - Decision: the network's probability with hysteresis. Training/TelephoneVAD/RECORD.md says what it was trained on, and
///   how it does on languages and noises that it never heard.
/// - Cost: see Benchmarks; about 450 bytes for each call, the weights (25 KB) are shared. Allocates nothing. The same bits on
///   every processor.
/// - Limits: trained on prompts and synthesised voices, not on callers. Hold music is speech to it in a fifth of its frames;
///   a voice under music 5 dB softer may go unheard for half a second.
public struct TelephoneDetector: VoiceActivityDetector, ~Copyable {
    public var window: DetectorWindow { .telephoneFrame }
    /// Median over the evaluation's utterances, beyond the frame itself.
    public var latencyMilliseconds: Int { 20 }
    public var cost: StageCost { .inline }
    public let tuning: Tuning

    private var memory = telephone_vad_memory()
    private var isSpeech = false

    /// Probabilities.
    public struct Tuning: Sendable, Equatable {
        /// That starts speech.
        public var onset: Float = 0.6
        /// Above which speech goes on.
        public var sustain: Float = 0.4
        public init() {}
    }

    public init(tuning: Tuning = .init()) { self.tuning = tuning }

    /// Traps unless there are 160 samples: the service cuts them so.
    public mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        precondition(window.count == telephone_vad_frame, "window.count: \(window.count), expected 160")
        let answer = unsafe window.withUnsafeBufferPointer { samples in
            // Not empty, so there is a base address.
            unsafe telephone_vad_hear(&memory, samples.baseAddress.unsafelyUnwrapped)
        }
        isSpeech = answer.probability > (isSpeech ? tuning.sustain : tuning.onset)
        return VoiceActivity(
            probability: answer.probability, isSpeech: isSpeech, levelDecibels: answer.decibels)
    }

    public mutating func reset() {
        memory = telephone_vad_memory()
        isSpeech = false
    }
}
