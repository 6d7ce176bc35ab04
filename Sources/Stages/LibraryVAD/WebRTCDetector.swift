import CWebRTCVAD
public import VAD

/// WebRTC's detector: Gaussian models of speech and noise in six bands, as libwebrtc-audio-processing has it.
///
/// - Input: linear PCM, 8 kHz, 20 ms.
/// - Decision: alone; its probability is 0 or 1.
/// - Cost: some 1 us a frame; allocates in `init` only.
@safe public struct WebRTCDetector: VoiceActivityDetector, ~Copyable {
    /// How much it takes to be called speech.
    public static let modes = 0...3

    private let handle: OpaquePointer
    private let mode: Int32

    public var window: DetectorWindow { .telephoneFrame }
    public var latencyMilliseconds: Int { 0 }

    /// - Parameter mode: 0: every second doubt is speech; 3: no doubt is.
    public init(mode: Int) {
        precondition(Self.modes.contains(mode), "mode: \(mode), \(Self.modes) was expected")
        // It only fails for want of memory.
        unsafe handle = WebRtcVad_Create()!
        self.mode = Int32(mode)
        start()
    }

    deinit { unsafe WebRtcVad_Free(handle) }

    private func start() {
        let status = unsafe (WebRtcVad_Init(handle), WebRtcVad_set_mode(handle, mode))
        precondition(status == (0, 0), "WebRtcVad_Init: \(status.0), set_mode: \(status.1)")
    }

    public mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        let decision = unsafe window.withUnsafeBufferPointer { samples in
            unsafe WebRtcVad_Process(handle, 8_000, samples.baseAddress, samples.count)
        }
        // Refused is no answer: the frame path's guard counts it.
        return VoiceActivity(probability: decision < 0 ? .nan : Float(decision), isSpeech: decision == 1)
    }

    public mutating func reset() { start() }
}
