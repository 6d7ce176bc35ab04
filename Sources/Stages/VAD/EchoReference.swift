/// Knows what was sent to the caller, and says of what comes back how much of it is that again.
///
/// Far end is what we sent, near end what the caller's line returns: the caller, noise, and an attenuated, late and
/// band-limited copy of the far end. Eight band levels per 20 ms frame stand for the sound; the waveform is not followed,
/// so that codecs, clipping and a drifting clock do no harm. An echo can be no louder, in any band, than the loudest
/// that was played within its delay, less the coupling of the line; what is louder is the caller's own.
///
/// ```
/// sent ─► bands ─► playout (until played, or cleared) ─► far history ─┐ loudest within the delay, plus coupling
/// judge ─► bands ───────────────────────────────────► near history ───┴► explained? ─► verdict
/// ```
/// - Input: linear PCM, 8 kHz, 20 ms frames. Near frames are the clock: each one plays a far frame.
/// - Not knowing the line, it takes it for as leaky as `Tuning.initialCoupling` and any delay for possible: until about
///   a second of the agent was played, a caller is heard over him who is not much quieter than the loudest of the last
///   0.9 s. What the caller says while nothing was played in that time is never taken for an echo.
/// - Coupling only falls on evidence that no talking caller can forge: whatever the delay, an echo is no louder than
///   the near end was in the 0.9 s after it. It rises slowly by itself, and faster while the near end follows the far
///   end at one lag.
/// - Shard thread. Allocates nothing after `init`; 14 kB.
/// - Limits: echoes later than 0.94 s; a caller who, in every band, is quieter than the echo.
public struct EchoReference: ~Copyable {
    public let tuning: Tuning

    private var farBands = EchoBands(), nearBands = EchoBands()
    private var playout = EchoPlayout()
    private var far = EchoHistory(), near = EchoHistory()
    private var delay = EchoDelay()
    /// Near end over far end per band, in dB.
    private var coupling: SIMD8<Float>
    private var noise = SIMD8<Float>(repeating: -60)
    /// Rises with frames that are the caller's, falls with others.
    private var framesOfOwn = 0
    /// Near frames for which nothing was played.
    private var silentFrames = EchoHistory.frames

    /// In decibels unless the name says otherwise.
    public struct Tuning: Sendable, Equatable {
        /// How strong the echo may be on a line that is not known yet, -40 ... 0.
        public var initialCoupling: Float = -13
        /// The weakest that is ever learnt, -60 ... `initialCoupling`: while the agent speaks, what is this far below it
        /// interrupts nothing, be it breath or the echo of a telephone that has just been turned up.
        public var weakestCoupling: Float = -32
        /// The strongest that is ever learnt, `initialCoupling` ... 0.
        public var strongestCoupling: Float = -6
        /// How much louder than expected a band may be and still be explained, 0 ... 12.
        public var margin: Float = 3
        /// Words that were heard over the echo need less margin for the next 100 ms, by this, 0 ... `margin`.
        public var hysteresis: Float = 3
        /// Over `margin`: a band this much louder is wholly the caller's, 1 ... 12.
        public var blend: Float = 4
        /// Explained share of a frame's power that makes it an echo, 0 ... 1.
        public var echoShare: Float = 0.5
        /// Bands of eight, well above noise and explanation, that make a frame the caller's all the same, 1 ... 8.
        public var ownBands = 2
        /// What the distortion of a cheap receiver spreads from the loudest band to all others, -60 ... 0.
        public var spread: Float = -18
        /// A known delay that jumps by up to 120 ms leaves an echo unexplained that is within this of the loudest
        /// around, 0 ... 20.
        public var jumpPenalty: Float = 5
        /// Rise of the coupling for each second of the agent's speech.
        public var releasePerSecond: Float = 1
        public init() {}
    }

    public init(tuning: Tuning = .init()) {
        self.tuning = tuning
        coupling = SIMD8(repeating: tuning.initialCoupling)
    }

    // MARK: Far end

    /// A frame went to the carrier, behind those that it has not played yet.
    public mutating func sent(_ frame: borrowing Span<Int16>) {
        playout.append(farBands.measure(frame))
    }

    /// The carrier was told to drop what it has not played: that will never come back.
    public mutating func cleared() { playout.clear() }

    /// Near frames that the carrier lost: it went on playing, and how loud its echo was nobody knows.
    public mutating func lost(frames: Int) {
        for _ in 0..<max(0, min(frames, EchoHistory.frames + EchoPlayout.frames)) {
            advance(near: .zero, isHeard: false)
        }
    }

    // MARK: Near end

    /// The next frame of the caller's line.
    public mutating func judge(_ frame: borrowing Span<Int16>) -> EchoVerdict {
        // Nothing was played for as long as anything is remembered: nothing can come back, and nothing be learnt.
        silentFrames = playout.count > 0 ? 0 : min(silentFrames + 1, EchoHistory.frames + 1)
        guard silentFrames <= EchoHistory.frames else { return EchoVerdict(explained: 0, isEcho: false) }
        let level = nearBands.measure(frame)
        advance(near: level, isHeard: true)
        return compare(nearBands.power, level)
    }

    /// A new call, or a new stream: the line and what is on it are unknown again. Keeps memory.
    public mutating func reset() {
        farBands.reset()
        nearBands.reset()
        playout.clear()
        far.reset()
        near.reset()
        delay.reset()
        coupling = SIMD8(repeating: tuning.initialCoupling)
        noise = SIMD8(repeating: -60)
        framesOfOwn = 0
        silentFrames = EchoHistory.frames
    }

    /// Delay of the echo in milliseconds after its playing, when it is known.
    public var delayMilliseconds: Int? { delay.frames.map { $0 * 20 } }

    // MARK: Learning

    /// Frames after which no echo is looked for; what is a little later still is explained.
    private static let latest = EchoDelay.lags - 1
    /// A known delay may jump by this many frames, 120 ms.
    private static let slack = 6
    /// Far levels below this teach nothing.
    private static let audible: Float = -58

    private mutating func advance(near level: SIMD8<Float>, isHeard: Bool) {
        far.append(playout.next())
        near.append(level)
        guard isHeard else { return }
        noise += ((level - noise) * 0.5).replacing(with: SIMD8(repeating: 0.1), where: level .> noise)
        let isActive = far.loudest.loudest > Self.audible
        delay.advance(near: level, far: far[0], isActive: isActive)
        if isActive { learn(level) }
    }

    private mutating func learn(_ level: SIMD8<Float>) {
        // Whatever is played comes back, within 0.9 s or, once the delay is known, around it: no louder than the near end
        // is then. A frame's echo may be split over two near frames: 3 dB, which the margin covers.
        var (then, bound) = (far[Self.latest], near.loudest)
        if let lag = delay.frames {
            then = far[lag + Self.slack]
            bound = near.loudest(0...2 * Self.slack)
        }
        bound -= then
        let isAudible = then .> Self.audible
        var next = coupling
        next.replace(with: coupling + tuning.releasePerSecond / 50, where: isAudible .& (bound .>= coupling))
        next.replace(with: coupling + (bound - coupling) * 0.25, where: isAudible .& (bound .< coupling))
        var highest = tuning.initialCoupling
        if let lag = delay.frames {
            let played = far.loudest(max(0, lag - 1)...lag + 1)
            let ratio = level - played
            let isStrong = (played .> Self.audible + 8) .& (level .> noise + 8)
            if delay.agreement > 0.6 {
                highest = tuning.strongestCoupling
                next.replace(with: next + 0.05 * (ratio - next), where: isStrong .& (ratio .> next))
            }
        }
        next = next.louder(tuning.weakestCoupling)
        // What was learnt stays learnt when the lag is lost.
        coupling = next.quieter(coupling.louder(highest))
    }

    // MARK: Judging

    private mutating func compare(_ power: SIMD8<Float>, _ level: SIMD8<Float>) -> EchoVerdict {
        var expected = far.loudest + coupling
        if let lag = delay.frames {
            // Around a known delay; and, less loudly, where it may have jumped to.
            let around = far.loudest(max(0, lag - 1)...min(Self.latest, lag + 1))
            let nearby = far.loudest(max(0, lag - Self.slack)...min(Self.latest, lag + Self.slack))
            expected = around.louder(nearby - tuning.jumpPenalty) + coupling
        }
        expected = expected.louder(expected.loudest + tuning.spread)
        let margin = tuning.margin - (framesOfOwn >= 2 ? tuning.hysteresis : 0)
        let excess = level - expected - margin
        let unexplained = (excess * (1 / tuning.blend)).limited(to: 0...1)
        let total = power.total
        let explained = total > 0 ? 1 - (power * unexplained).total / total : 0
        // Well above the noise, as words are.
        let isSound = level .> (noise + 10).louder(-60)
        let own = SIMD8<Float>.zero.replacing(with: 1, where: isSound .& (unexplained .>= 1)).total
        let sounds = SIMD8<Float>.zero.replacing(with: 1, where: isSound).total
        let isEcho = explained >= tuning.echoShare && own < Float(tuning.ownBands)
        // Words that have broken through are followed to their end.
        framesOfOwn = isEcho || sounds == 0 ? max(0, framesOfOwn - 1) : min(6, framesOfOwn + 2)
        return EchoVerdict(explained: explained, isEcho: isEcho)
    }
}

/// What the reference thinks of one near frame.
public struct EchoVerdict: Equatable, Sendable, BitwiseCopyable {
    /// Share of the frame's power that may be the far end's, 0 ... 1.
    public var explained: Float
    /// The frame may be all echo: it is no evidence of the caller.
    public var isEcho: Bool

    public init(explained: Float, isEcho: Bool) { (self.explained, self.isEcho) = (explained, isEcho) }
}
