public import AudioPipeline

/// Says of each frame whether somebody speaks. A role: built-in detectors and plug-ins fill it alike.
public protocol VoiceActivityDetector: ~Copyable {
    /// Rate and frame size it wants; always linear PCM, mono.
    var format: AudioFormat { get }
    /// Delay of its decision, in milliseconds.
    var latencyMilliseconds: Int { get }
    /// Shard thread. One frame of `format.samplesPerFrame` samples. Allocates nothing.
    mutating func analyze(_ frame: borrowing Span<Int16>) -> VoiceActivity
    /// Shard thread. Forgets the past, keeps memory.
    mutating func reset()
}

/// What a detector thinks of one frame.
public struct VoiceActivity: Equatable, Sendable, BitwiseCopyable {
    /// 0 ... 1.
    public var probability: Float
    /// The detector's own decision for this frame, without hangover.
    public var isSpeech: Bool
    /// Level in dB relative to full scale, -96 ... 0.
    public var levelDecibels: Float

    public init(probability: Float, isSpeech: Bool, levelDecibels: Float) {
        (self.probability, self.isSpeech, self.levelDecibels) = (probability, isSpeech, levelDecibels)
    }
}
