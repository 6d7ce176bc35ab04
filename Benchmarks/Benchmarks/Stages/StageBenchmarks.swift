import Benchmark

/// Every benchmark is one call of a frame's work; the tool scales it by a thousand and reports nanoseconds for one.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], timeUnits: .nanoseconds, warmupIterations: 3, scalingFactor: .kilo,
        maxDuration: .seconds(1), maxIterations: 2_000)
    codecBenchmarks()
    resampleBenchmarks()
    detectorBenchmarks()
    echoBenchmarks()
    pipelineBenchmarks()
    carrierBenchmarks()
    modelBenchmarks()
    playoutBenchmarks()
    framingBenchmarks()
    base64Benchmarks()
    booksBenchmarks()
    pluggedDetectorBenchmarks()
    promptBenchmarks()
    tickBenchmarks()
}

/// A voice-like frame: three tones and a little noise, the same on every run.
/// - Parameter from: its first sample, counted from the start of the voice.
func voice(samples: Int, sampleRateHz: Int, from: Int = 0) -> [Int16] {
    var seed = UInt32(truncatingIfNeeded: from &+ 1)
    return (from..<from + samples).map { i in
        seed = seed &* 1_664_525 &+ 1_013_904_223
        let time = Double(i) / Double(sampleRateHz)
        var sum = 0.0
        for (tone, level) in [(220.0, 5_000.0), (910, 3_000), (2_350, 1_000)] {
            sum += level * sine(2 * .pi * tone * time)
        }
        return Int16(sum) + Int16(truncatingIfNeeded: seed >> 26) - 32
    }
}

/// A Taylor series is exact enough here and needs no C library.
private func sine(_ angle: Double) -> Double {
    var rest = angle.truncatingRemainder(dividingBy: 2 * .pi)
    if rest > .pi { rest -= 2 * .pi }
    var term = rest, sum = rest
    for n in stride(from: 2.0, through: 20, by: 2) {
        term *= -rest * rest / (n * (n + 1))
        sum += term
    }
    return sum
}
