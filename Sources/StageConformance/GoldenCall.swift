import PlugIns
import VAD

/// A caller's line of known content: what a detector should make of each of its frames.
public struct GoldenCall: Sendable {
    /// What is known of a frame of 20 ms.
    public enum Truth: Sendable { case speech, silence, either }

    public let name: String
    /// 8 kHz, whole frames, through mu-law and back.
    public let samples: [Int16]
    /// One for each frame.
    public let truth: [Truth]
    /// In frames, from the first to the one after the last; empty when nobody speaks.
    public let utterances: [Range<Int>]

    public static let frameSamples = 160, frameMilliseconds = 20

    public var frames: Int { truth.count }
    public var seconds: Double { Double(frames * Self.frameMilliseconds) / 1_000 }

    /// What a detector makes of one frame.
    func heard(by detector: FrameDetector, frame: Int) -> VoiceActivity {
        let (start, samples) = (frame * Self.frameSamples, samples.span)
        return detector.analyze(samples.extracting(start..<start + Self.frameSamples))
    }
}
