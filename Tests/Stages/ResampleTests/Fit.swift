import Glibc

enum Fit {
    /// Least squares fit of a sine of known frequency. `rest` is the mean square of what it leaves.
    static func sine(_ hz: Double, _ samples: ArraySlice<Int16>, rateHz: Int) -> (amplitude: Double, rest: Double) {
        var cc = 0.0, ss = 0.0, cs = 0.0, xc = 0.0, xs = 0.0
        let step = 2 * Double.pi * hz / Double(rateHz)
        for (i, value) in samples.enumerated() {
            let c = cos(step * Double(i)), s = sin(step * Double(i)), x = Double(value)
            cc += c * c
            ss += s * s
            cs += c * s
            xc += x * c
            xs += x * s
        }
        let determinant = cc * ss - cs * cs
        let a = (xc * ss - xs * cs) / determinant, b = (xs * cc - xc * cs) / determinant
        var rest = 0.0
        for (i, value) in samples.enumerated() {
            let error = Double(value) - a * cos(step * Double(i)) - b * sin(step * Double(i))
            rest += error * error
        }
        return ((a * a + b * b).squareRoot(), rest / Double(samples.count))
    }
}

/// Repeatable random numbers.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension SystemRandomNumberGenerator {
    static func seeded(_ seed: UInt64) -> SeededGenerator { SeededGenerator(state: seed) }
}
