public import AudioPipeline

/// Hears speech as what stands out from the quietest of the last two seconds.
///
/// - Input: linear PCM, 20 ms frames. Constant offset and mains hum do not count.
/// - Decision: level or change of the signal above its own noise floor by a margin, with hysteresis. The margin is wide
///   on a quiet line, where speech stands far out and little noises must not, and narrow on a loud one.
/// - Cost: under 0.1 us per frame; allocates nothing.
/// - Limits: hears music and loud steady tones as speech for up to two seconds, and speech below the margin not at all.
public struct EnergyDetector: VoiceActivityDetector, ~Copyable {
    public let window: DetectorWindow
    public var latencyMilliseconds: Int { 0 }
    public let tuning: Tuning

    private var previous: Int16 = 0
    private var levelFloor: NoiseFloor
    private var changeFloor: NoiseFloor
    private var isSpeech = false
    private var framesHeard = 0

    /// In decibels.
    public struct Tuning: Sendable, Equatable {
        /// Margin over the noise floor that starts speech, on a loud line.
        public var margin: Float = 6
        /// Added to the margin on a line as quiet as `quietest`, fading to nothing at `loud`.
        public var quietMargin: Float = 6
        /// The margin that keeps speech going is smaller by this.
        public var hysteresis: Float = 2.5
        /// Noise floors below this, relative to full scale, count as this.
        public var quietest: Float = -62
        /// A floor at which the margin is the plain one.
        public var loud: Float = -40
        public init() {}
    }

    public init(format: AudioFormat = .linear8k, tuning: Tuning = .init()) {
        precondition(format.encoding == .linear16, "format: \(format), expected linear PCM")
        window = DetectorWindow(format)
        self.tuning = tuning
        levelFloor = NoiseFloor(lowest: tuning.quietest)
        changeFloor = NoiseFloor(lowest: tuning.quietest)
    }

    public mutating func analyze(_ frame: borrowing Span<Int16>) -> VoiceActivity {
        guard frame.count > 0 else {
            return VoiceActivity(probability: 0, isSpeech: false, levelDecibels: FrameLevels.floorDecibels)
        }
        let levels = FrameLevels.measure(frame, previous: framesHeard == 0 ? frame[0] : previous)
        previous = frame[frame.count - 1]
        framesHeard &+= 1

        let overLevel = excess(levels.level, over: levelFloor.decibels)
        let overChange = excess(levels.change, over: changeFloor.decibels)
        levelFloor.update(levels.level)
        changeFloor.update(levels.change)

        // The lower a signal lies, the fewer independent values a frame of it holds and the more its level wanders. Below
        // about 180 Hz it is hum, or breath on the microphone, and only its change counts.
        let tilt = levels.change - levels.level
        let lowness = max(0, min(4, (-8 - tilt) * 0.6))
        let over = tilt < -17 ? overChange : max(overLevel - lowness, overChange)
        // The first frame has nothing to stand out from.
        isSpeech = framesHeard > 1 && over > (isSpeech ? -tuning.hysteresis : 0)
        return VoiceActivity(
            probability: Self.probability(over), isSpeech: isSpeech, levelDecibels: min(0, levels.level))
    }

    public mutating func reset() {
        levelFloor = NoiseFloor(lowest: tuning.quietest)
        changeFloor = NoiseFloor(lowest: tuning.quietest)
        (previous, isSpeech, framesHeard) = (0, false, 0)
    }

    /// Decibels above what starts speech.
    private func excess(_ level: Float, over floor: Float) -> Float {
        let quietness = max(0, min(1, (tuning.loud - floor) / (tuning.loud - tuning.quietest)))
        return level - floor - tuning.margin - quietness * tuning.quietMargin
    }

    /// Half where speech starts, nearly sure 6 dB above. A ramp would do; this one is smooth and needs no exponential.
    private static func probability(_ excess: Float) -> Float {
        let scaled = excess / 4
        return 0.5 + 0.5 * scaled / (1 + scaled.magnitude)
    }
}
