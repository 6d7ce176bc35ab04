import Foundation

/// What a caller's surroundings and line add.
public enum NoiseKind: String, Sendable, CaseIterable, Codable {
    case white
    /// Falls 6 dB per octave, as of a car.
    case car
    /// 50 Hz mains and its harmonics.
    case hum
    /// Six other people at once.
    case babble
}

/// What a caller does that is no word.
public enum SoundKind: String, Sendable, CaseIterable, Codable {
    /// 5 ... 20 ms.
    case click
    /// One burst of 60 ... 140 ms.
    case cough
    /// 250 ... 400 ms in two bursts: longer than the time that confirms an interruption.
    case longCough
    /// 200 ... 500 ms of quiet breath.
    case breath
    /// A key of the telephone, 80 ... 140 ms, where the line lets its tones through.
    case key
}

extension NoiseKind {
    /// - Parameter decibels: mean power, relative to full scale.
    package func samples(_ count: Int, at decibels: Double, prompts: RecordedPrompts, random: inout SeededRandom)
        -> [Double]
    {
        var noise = [Double](repeating: 0, count: count)
        switch self {
        case .white: for index in noise.indices { noise[index] = random.bell() }
        case .car:
            var last = 0.0
            for index in noise.indices {
                last = 0.97 * last + random.bell()
                noise[index] = last
            }
        case .hum:
            for index in noise.indices {
                let phase = 2 * Double.pi * 50 * Double(index) / 8_000
                noise[index] = sin(phase) + 0.5 * sin(2 * phase) + 0.3 * sin(3 * phase) + 0.01 * random.bell()
            }
        case .babble:
            for _ in 0..<6 {
                let voice = Level.set(prompts.long.randomElement(using: &random)!, to: -26)
                let start = Int.random(in: 0..<voice.count, using: &random)
                for index in noise.indices { noise[index] += voice[(start + index) % voice.count] }
            }
        }
        let power = noise.reduce(0) { $0 + $1 * $1 } / Double(max(1, count))
        let factor = 32_768 * pow(10, decibels / 20) / max(1e-9, power.squareRoot())
        return noise.map { $0 * factor }
    }
}

extension SoundKind {
    package func samples(random: inout SeededRandom) -> [Double] {
        switch self {
        case .click: Self.burst(milliseconds: random.pick(5...20), at: random.pick(-20 ... -10), random: &random)
        case .cough: Self.burst(milliseconds: random.pick(60...140), at: random.pick(-24 ... -14), random: &random)
        case .longCough:
            Self.burst(milliseconds: random.pick(120...180), at: random.pick(-24 ... -14), random: &random)
                + [Double](repeating: 0, count: 8 * 40)
                + Self.burst(milliseconds: random.pick(90...180), at: random.pick(-26 ... -18), random: &random)
        case .breath: Self.burst(milliseconds: random.pick(200...500), at: random.pick(-56 ... -46), random: &random)
        case .key:
            (0..<Int(random.pick(80...140) * 8)).map { index -> Double in
                let turn = 2 * Double.pi * Double(index) / 8_000
                return 5_000 * (sin(770 * turn) + sin(1_336 * turn))
            }
        }
    }

    /// Noise through a mouth: band-passed at 500 ... 1,500 Hz, a quick rise and a slow fall.
    private static func burst(milliseconds: Double, at decibels: Double, random: inout SeededRandom) -> [Double] {
        let count = Int(milliseconds * 8)
        var filter = LineFilter(lowHertz: random.pick(300...600), highHertz: random.pick(1_500...3_000))
        var burst = (0..<count).map { index -> Double in
            let time = Double(index) / Double(count)
            return filter.next(random.bell()) * min(1, time * 8) * pow(1 - time, 0.7)
        }
        let power = burst.reduce(0) { $0 + $1 * $1 } / Double(max(1, count))
        let factor = 32_768 * pow(10, decibels / 20) / max(1e-9, power.squareRoot())
        for index in burst.indices { burst[index] *= factor }
        return burst
    }
}
