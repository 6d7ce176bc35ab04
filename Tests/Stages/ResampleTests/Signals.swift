import AudioPipeline
import Glibc
import Resample

/// A pair of rates that the frame path converts.
struct Pair: CustomStringConvertible, Sendable {
    let input: Int, output: Int
    var description: String { "\(input) to \(output) Hz" }
    /// Highest frequency that must pass flat.
    var passHz: Double { min(input, output) == 8_000 ? 3_400 : 7_000 }
    /// Where images and aliases must be gone: as far above the lower Nyquist frequency as `passHz` is below 4 or 8 kHz.
    var stopHz: Double { min(input, output) == 8_000 ? 4_600 : min(input, output) == 16_000 ? 9_000 : 13_500 }

    static let all: [Pair] = [8_000, 16_000, 24_000, 48_000].flatMap { input in
        [8_000, 16_000, 24_000, 48_000].filter { $0 != input }.map { Pair(input: input, output: $0) }
    }
}

enum Signals {
    static func sine(_ hz: Double, rateHz: Int, samples: Int, amplitude: Double = 30_000) -> [Int16] {
        (0..<samples).map { Int16((amplitude * sin(2 * .pi * hz * Double($0) / Double(rateHz))).rounded()) }
    }

    /// Repeatable noise.
    static func noise(samples: Int, seed: UInt64) -> [Int16] {
        var state = seed
        return (0..<samples).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int16(truncatingIfNeeded: state >> 40)
        }
    }

    static func energy(_ samples: ArraySlice<Int16>) -> Double {
        samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(samples.count, 1))
    }

    static func decibels(_ ratio: Double) -> Double { 20 * log10(max(ratio, 1e-12)) }
}

extension PolyphaseResampler {
    /// Runs everything through, in blocks of the given sizes taken in turn.
    mutating func run(_ input: [Int16], blocks: [Int] = []) -> [Int16] {
        var result: [Int16] = []
        var room = [Int16](repeating: 0, count: outputRateHz / 50)
        var start = 0, turn = 0
        while start < input.count {
            let size = blocks.isEmpty ? maximumInputSamples : blocks[turn % blocks.count]
            let end = min(start + size, input.count)
            let due = samplesDue(forInput: end - start)
            var target = room.mutableSpan
            let outcome = process(input.span.extracting(start..<end), into: &target)
            if case .produced(let samples) = outcome {
                precondition(samples == due)
                result.append(contentsOf: room[..<samples])
            } else {
                precondition(due == 0)
            }
            start = end
            turn += 1
        }
        return result
    }
}
