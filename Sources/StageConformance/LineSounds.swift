import Foundation
import LabelledCalls

/// What telephone lines carry that nobody says.
enum LineSounds {
    /// Dial tone, ringing and busy of North America and Europe, and a steady test tone. Source: ITU-T E.180.
    static func exchangeTones() -> [Double] {
        tone([350, 440], seconds: 4) + cadence([440, 480], on: 2, off: 2, times: 1)
            + cadence([425], on: 1, off: 1, times: 2)
            + cadence([480, 620], on: 0.5, off: 0.5, times: 4) + tone([1_004], seconds: 4) + tone([425], seconds: 4)
    }

    static func repeated(_ kind: SoundKind, seconds: Int, _ random: inout SeededRandom) -> [Double] {
        var line = [Double](repeating: 0, count: seconds * 8_000)
        var place = 8_000
        while place < line.count - 8_000 {
            for (index, sample) in kind.samples(random: &random).enumerated() where place + index < line.count {
                line[place + index] += sample
            }
            place += Int(random.pick(0.3...1.2) * 8_000)
        }
        return line
    }

    /// Noise whose level changes by 10 to 20 dB every few seconds: a window that opens, an engine that starts.
    static func steps(seconds: Int, prompts: RecordedPrompts, _ random: inout SeededRandom) -> [Double] {
        var line: [Double] = []
        var isLoud = false
        while line.count < seconds * 8_000 {
            let length = Int(random.pick(3...6) * 8_000)
            let kind: NoiseKind = random.uniform() < 0 ? .white : .car
            line += kind.samples(length, at: isLoud ? -36 : -52, prompts: prompts, random: &random)
            isLoud.toggle()
        }
        return Array(line[..<(seconds * 8_000)])
    }

    /// Four chords over and over, each note plucked: strings of three harmonics that fade.
    static func music(seconds: Int, _ random: inout SeededRandom) -> [Double] {
        var line = [Double](repeating: 0, count: seconds * 8_000)
        let chords: [[Double]] = [
            [261.6, 329.6, 392, 523.3], [220, 261.6, 329.6, 440], [174.6, 220, 261.6, 349.2], [196, 246.9, 293.7, 392],
        ]
        let step = 2_000
        for beat in 0..<line.count / step {
            let chord = chords[beat / 8 % chords.count]
            let note = chord[Int(random.pick(0...3.99))]
            let strength = random.pick(1_200...2_200)
            for index in 0..<min(3 * step, line.count - beat * step) {
                let turn = 2 * Double.pi * note * Double(index) / 8_000
                let fade = exp(-Double(index) / 2_400) * min(1, Double(index) / 40)
                line[beat * step + index] += strength * fade * (sin(turn) + 0.5 * sin(2 * turn) + 0.25 * sin(3 * turn))
            }
        }
        return line
    }

    private static func tone(_ hertz: [Double], seconds: Double) -> [Double] {
        (0..<Int(seconds * 8_000)).map { index in
            hertz.reduce(0) { $0 + 3_000 * sin(2 * Double.pi * $1 * Double(index) / 8_000) }
        }
    }

    private static func cadence(_ hertz: [Double], on: Double, off: Double, times: Int) -> [Double] {
        (0..<times).flatMap { _ in tone(hertz, seconds: on) + [Double](repeating: 0, count: Int(off * 8_000)) }
    }
}
