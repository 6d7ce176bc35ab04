public import AudioPipeline

/// Says of each window of the caller's audio whether somebody speaks. A role: built-in detectors and plug-ins fill it
/// alike.
///
/// A detector judges windows and nothing else. Rates, windows out of 20 ms frames, the thread that it runs on, late and
/// missing answers, and what happens when it fails, are the service's.
///
/// - Units: samples are 16 bits, -32,768 ... 32,767, linear; `window` says how many, at which rate, always mono.
/// - Threads: one at a time, from `init` to its end; the shard's when `cost` is inline, a worker's otherwise. Detectors
///   of several calls share nothing.
/// - Back-pressure: none to handle. A worker that falls behind loses windows, oldest first, and is told nothing.
/// - Errors: `init` may throw; `analyze` cannot. A probability that is not a number, or outside 0 ... 1, counts as a
///   fault; after three in a second the call goes on with the energy detector.
public protocol VoiceActivityDetector: ~Copyable, SendableMetatype {
    /// Rate and size of what `analyze` is given. Constant.
    var window: DetectorWindow { get }
    /// How long after speech begins its windows are called speech, beyond their own length. Constant.
    var latencyMilliseconds: Int { get }
    /// Where it may run. Inline: at most a few tens of microseconds for a window, and no allocation, lock or call that
    /// may wait. Constant.
    var cost: StageCost { get }
    /// One window of exactly `window.samples`; windows follow each other without a gap, until `reset`.
    mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity
    /// Forgets all it has heard, keeps memory: what follows is answered as by a new one. Another line, or a gap.
    mutating func reset()
}

extension VoiceActivityDetector where Self: ~Copyable {
    public var cost: StageCost { .inline }
}

/// What a detector thinks of one window.
public struct VoiceActivity: Equatable, Sendable, BitwiseCopyable {
    /// 0 ... 1.
    public var probability: Float
    /// The detector's own decision for this window, without hangover.
    public var isSpeech: Bool
    /// Level in dB relative to full scale, -96 ... 0; -96 from a detector that measures none.
    public var levelDecibels: Float

    public init(probability: Float, isSpeech: Bool, levelDecibels: Float = -96) {
        (self.probability, self.isSpeech, self.levelDecibels) = (probability, isSpeech, levelDecibels)
    }

    /// The probability is one.
    public var isInRange: Bool { probability >= 0 && probability <= 1 }
}
