public import AudioPipeline
import CSpeexDSP
public import VAD

/// SpeexDSP's preprocessor as a detector: its estimate of speech beside noise in each band, with the thresholds it uses itself.
///
/// - Input: linear PCM, 8 kHz, 20 ms.
/// - Decision: speech from a probability of 0.35 on, and as long as it stays at 0.2. Its own switch for that prints a warning for
///   each call, and does the same.
/// - Cost: some 10 us a frame. It cannot be reset, only made anew, which allocates: a worker's.
@safe public struct SpeexDetector: VoiceActivityDetector, ~Copyable {
    private var state: OpaquePointer
    private var frame = InlineArray<160, Int16>(repeating: 0)
    private var isSpeech = false

    public var window: DetectorWindow { .telephoneFrame }
    public var latencyMilliseconds: Int { 0 }
    public var cost: StageCost { .worker }

    static let start: Float = 0.35, goOn: Float = 0.2

    public init() { unsafe state = Self.made() }

    deinit { unsafe speex_preprocess_state_destroy(state) }

    private static func made() -> OpaquePointer {
        // It only fails for want of memory.
        let state = unsafe speex_preprocess_state_init(160, 8_000)!
        var off: spx_int32_t = 0
        unsafe speex_preprocess_ctl(state, SPEEX_PREPROCESS_SET_DENOISE, &off)
        unsafe speex_preprocess_ctl(state, SPEEX_PREPROCESS_SET_AGC, &off)
        return unsafe state
    }

    public mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        // It writes into what it is given.
        for index in window.indices { frame[index] = window[index] }
        var percent: spx_int32_t = 0
        var samples = frame.mutableSpan
        unsafe samples.withUnsafeMutableBufferPointer { samples in
            unsafe _ = speex_preprocess_run(state, samples.baseAddress)
        }
        unsafe speex_preprocess_ctl(state, SPEEX_PREPROCESS_GET_PROB, &percent)
        let probability = max(0, min(1, Float(percent) / 100))
        isSpeech = probability > Self.start || isSpeech && probability > Self.goOn
        return VoiceActivity(probability: probability, isSpeech: isSpeech)
    }

    public mutating func reset() {
        unsafe speex_preprocess_state_destroy(state)
        unsafe state = Self.made()
        isSpeech = false
    }
}
