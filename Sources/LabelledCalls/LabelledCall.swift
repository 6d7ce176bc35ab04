/// One stretch of a call with its truth: the agent speaks, and the caller interrupts at a known sample, or does not.
public struct LabelledCall: Sendable {
    /// What the case is about, as the table groups it.
    public let group: String
    public let isFair: Bool
    public let seed: UInt64
    /// The agent's message, mu-law-ready samples at -18 dB active level.
    let agent: [Double]
    /// Words of the caller's, and the sample of the agent's message (counted from our first frame) at which they begin.
    let words: [Double]
    public let interruptsAtSample: Int?
    /// Sounds that are no words, at samples counted likewise.
    let sounds: [(sample: Int, samples: [Double])]
    let noise: [Double]
    let echo: EchoPath?
    /// Of the server in the baseline: audio on its way there, its thinking, and its event on its way back.
    let serverMilliseconds: Double
}

/// What kind of case to make, and how many.
public struct CallRecipe: Sendable {
    public var group: String
    public var count: Int
    /// Active level of the caller's words, dB below full scale; nil: he says nothing.
    public var words: Double?
    public var noise: NoiseKind?
    /// Mean power of the noise, dB relative to the words' level, or to full scale when there are none.
    public var noiseDecibels = 0.0
    public var sound: SoundKind?
    /// dB; the delay is drawn from 200 ... 600 ms, the band and the distortion with it.
    public var echo: Double?
    public var jumpMilliseconds = 0.0
    /// Seconds of the agent's message before the caller begins.
    public var after = 1.5...8.0

    /// A line on which nobody should have to speak up: steady noise at least 15 dB below the words, other people 20, echo
    /// no stronger than -18 dB, and a second and a half of the agent to know it by.
    public var isFair: Bool {
        guard words != nil, after.lowerBound >= 1.5, (echo ?? -96) <= -18 else { return false }
        return noise == nil || noiseDecibels <= (noise == .babble ? -20 : -15)
    }

    public init(_ group: String, _ count: Int) { (self.group, self.count) = (group, count) }

    /// - Parameters:
    ///   - index: 0 ..< count.
    ///   - seconds: length of the agent's message.
    public func make(_ index: Int, seed: UInt64, prompts: RecordedPrompts, seconds: Int = 13) -> LabelledCall {
        let mixed = group.utf8.reduce(seed &* 1_000_003) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } &+ UInt64(index)
        var random = SeededRandom(mixed)
        var message = [Double]()
        while message.count < seconds * 8_000 {
            message += prompts.long.randomElement(using: &random)! + [Double](repeating: 0, count: 2_400)
        }
        message = Level.set(Array(message[..<(seconds * 8_000)]), to: -18)
        let latest = min(after.upperBound, Double(seconds) - 3)
        let begin = Int(random.pick(after.lowerBound...max(after.lowerBound, latest)) * 8_000)
        var said = [Double]()
        if let words {
            while said.count < 16_000 {
                said +=
                    Level.set(prompts.short.randomElement(using: &random)!, to: words)
                    + [Double](repeating: 0, count: 1_200)
            }
        }
        let total = (seconds + 4) * 8_000
        var noises = [Double](repeating: 0, count: total)
        if let noise {
            noises = noise.samples(total, at: (words ?? 0) + noiseDecibels, prompts: prompts, random: &random)
        }
        var sounds: [(Int, [Double])] = []
        if let sound {
            for second in stride(from: 1.5, to: Double(seconds) - 2, by: 2.5) {
                sounds.append((Int((second + random.pick(0...1)) * 8_000), sound.samples(random: &random)))
            }
        }
        var path: EchoPath?
        if let echo {
            path = EchoPath(delayMilliseconds: random.pick(200...(600 - jumpMilliseconds)), decibels: echo)
            path?.lowHertz = random.pick(200...500)
            path?.highHertz = random.pick(2_200...3_400)
            path?.distortion = index % 3 == 0 ? random.pick(0.3...1) : 0
            path?.jumpMilliseconds = jumpMilliseconds
        }
        return LabelledCall(
            group: group, isFair: isFair, seed: mixed, agent: message, words: said,
            interruptsAtSample: words == nil ? nil : begin,
            sounds: sounds, noise: noises, echo: path,
            serverMilliseconds: random.pick(20...60) + random.pick(20...80) + random.pick(20...60))
    }
}
