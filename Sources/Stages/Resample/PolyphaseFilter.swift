import Glibc

/// The prototype low-pass filter between two telephone rates: a Kaiser-windowed sinc whose cutoff is exactly the lower
/// rate's Nyquist frequency. That makes every zero crossing of the sinc land on a tap, so that one tap in `spacing` is
/// zero and never has to be multiplied.
///
/// - Pass: flat within 0.01 dB to 3.4 kHz where one side is 8 kHz, to 7 kHz otherwise. Stop: 60 dB and more from as far
///   above the Nyquist frequency as the pass band ends below it (4.6 kHz, 9 kHz).
/// - Source: J. F. Kaiser, 1974; polyphase form as in any text on multirate filters.
struct PolyphaseFilter {
    /// Input samples per group and output samples per group: the ratio in lowest terms.
    let inputStep: Int, outputStep: Int
    /// Delay in output samples, exact.
    let latencySamples: Int
    /// Taps of the prototype at `outputStep` times the input rate; index `centre` is the middle one.
    let prototype: [Double]
    let centre: Int

    /// - Parameters: rates among 8, 16, 24 and 48 kHz, and different.
    init(inputRateHz: Int, outputRateHz: Int) throws(ResampleError) {
        let rates = [8_000, 16_000, 24_000, 48_000]
        guard rates.contains(inputRateHz), rates.contains(outputRateHz), inputRateHz != outputRateHz else {
            throw ResampleError(.unsupportedRatio, inputRateHz: inputRateHz, outputRateHz: outputRateHz)
        }
        let common = Self.greatestCommonDivisor(inputRateHz, outputRateHz)
        inputStep = inputRateHz / common
        outputStep = outputRateHz / common
        let lowerRateHz = min(inputRateHz, outputRateHz)
        // Half length in samples of the lower rate: 1.75 ms at 8 kHz, 1 ms at 16. Kaiser's beta trades the width of the
        // transition for its depth; these put 3.4 and 4.6 kHz (7 and 9 kHz) just outside it, 68 and 64 dB down.
        let halfLength = lowerRateHz == 8_000 ? 14 : 16
        let beta = lowerRateHz == 8_000 ? 6.6 : 6.2
        let spacing = inputRateHz * outputStep / lowerRateHz
        let centre = halfLength * spacing
        self.centre = centre
        latencySamples = centre / inputStep  // No rest: `centre` is a multiple of `inputStep` for every pair above.
        prototype = (0...2 * centre).map { index in
            let offset = index - centre
            if offset == 0 { return 1 }
            if offset.isMultiple(of: spacing) { return 0 }
            let x = Double.pi * Double(offset) / Double(spacing)
            let place = Double(offset) / Double(centre)
            return sin(x) / x * Self.bessel(beta * (1 - place * place).squareRoot()) / Self.bessel(beta)
        }
    }

    /// Taps of output phase `phase` of a group: `behind` counts input samples back from the group's first one (negative:
    /// further on in the group). Zero taps are left out, and the rest add up to one, so that every phase passes a
    /// constant alike.
    func taps(ofPhase phase: Int) -> [(behind: Int, coefficient: Float)] {
        let position = phase * inputStep
        let first = position / outputStep
        var index = position % outputStep
        var taps: [(behind: Int, coefficient: Double)] = []
        var step = 0
        while index < prototype.count {
            if prototype[index] != 0 { taps.append((step - first, prototype[index])) }
            step += 1
            index += outputStep
        }
        let sum = taps.reduce(0) { $0 + $1.coefficient }
        return taps.map { ($0.behind, Float($0.coefficient / sum)) }
    }

    /// Modified Bessel function of the first kind, order zero, by its power series.
    private static func bessel(_ x: Double) -> Double {
        var sum = 1.0, term = 1.0, k = 1.0
        while term > sum * 1e-17 {
            term *= (x / (2 * k)) * (x / (2 * k))
            sum += term
            k += 1
        }
        return sum
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}
