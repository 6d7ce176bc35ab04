import Glibc

/// Something like a vowel: harmonics of a gliding pitch under a slow envelope, repeatable.
enum Voice {
    static func samples(rateHz: Int, seconds: Double, semitones: Double = 0) -> [Int16] {
        var phase = 0.0
        return (0..<Int(Double(rateHz) * seconds)).map { index in
            let time = Double(index) / Double(rateHz)
            phase += 2 * .pi * (130 + 40 * sin(2 * .pi * 1.3 * time)) * pow(2, semitones / 12) / Double(rateHz)
            let envelope = 0.55 + 0.45 * sin(2 * .pi * 2.7 * time)
            let sound = sin(phase) + 0.6 * sin(2 * phase) + 0.4 * sin(3 * phase) + 0.25 * sin(5 * phase)
            return Int16(6_000 * envelope * sound)
        }
    }

    /// The shift of `heard` against `said` at which they are most alike, and how alike (1: the same).
    static func alignment(_ said: [Int16], _ heard: [Int16], upTo maximum: Int) -> (shift: Int, likeness: Double) {
        var best = (shift: 0, likeness: -1.0)
        for shift in 0...maximum {
            var product = 0.0, left = 0.0, right = 0.0
            for index in 0..<min(said.count, heard.count - shift) {
                let a = Double(said[index]), b = Double(heard[index + shift])
                product += a * b
                left += a * a
                right += b * b
            }
            let likeness = product / max((left * right).squareRoot(), 1)
            if likeness > best.likeness { best = (shift, likeness) }
        }
        return best
    }
}
