import AllocationProbe
import AudioPipeline
import Resample
import Testing

@Suite struct `Polyphase resampler` {
    @Test(arguments: Pair.all)
    func `delays an impulse by exactly the samples it states, at most 3 ms`(pair: Pair) throws {
        var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        var input = [Int16](repeating: 0, count: pair.input / 25)
        let place = pair.input / 100  // 10 ms: a whole sample on both sides.
        input[place] = 30_000
        let output = resampler.run(input)
        let peak = output.indices.max { output[$0] < output[$1] }
        let latency = resampler.latencySamples
        #expect(peak == pair.output / 100 + latency)
        #expect(Double(latency) / Double(pair.output) <= 0.003)
        // Symmetric around the peak: the same delay for every frequency.
        let middle = try #require(peak)
        let reach = latency
        for offset in 1..<reach {
            #expect(abs(Int(output[middle - offset]) - Int(output[middle + offset])) <= 2)
        }
    }

    @Test(arguments: Pair.all)
    func `passes the telephone band flat within 0.05 dB and keeps images 60 dB down`(pair: Pair) throws {
        for hz in stride(from: 200.0, through: pair.passHz, by: (pair.passHz - 200) / 8) {
            var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
            let amplitude = 30_000.0
            let output = resampler.run(Signals.sine(hz, rateHz: pair.input, samples: pair.input / 50 * 6))
            // The last 100 ms are in steady state; all tones used have whole periods in it or nearly so.
            let steady = output.suffix(pair.output / 10)
            let measured = Fit.sine(hz, steady, rateHz: pair.output)
            let gain = Signals.decibels(measured.amplitude / amplitude)
            #expect(abs(gain) <= 0.05, "\(pair) at \(hz) Hz: \(gain) dB")
            // Everything that is not the tone: images, rounding.
            let rest = Signals.decibels(measured.rest.squareRoot() / (amplitude / 2.0.squareRoot()))
            #expect(rest <= -60, "\(pair) at \(hz) Hz: rest \(rest) dB")
        }
    }

    @Test(arguments: Pair.all.filter { $0.output < $0.input })
    func `lets no tone above the new band fold back, 60 dB down`(pair: Pair) throws {
        let top = Double(pair.input) / 2 * 0.98
        for hz in stride(from: pair.stopHz, through: top, by: max((top - pair.stopHz) / 8, 1)) {
            var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
            let output = resampler.run(Signals.sine(hz, rateHz: pair.input, samples: pair.input / 50 * 6))
            let alias = Signals.energy(output.suffix(pair.output / 10)).squareRoot() / (30_000 / 2.0.squareRoot())
            #expect(Signals.decibels(alias) <= -60, "\(pair) at \(hz) Hz: \(Signals.decibels(alias)) dB")
        }
    }

    @Test(arguments: Pair.all)
    func `gives the same samples however the input is split`(pair: Pair) throws {
        let input = Signals.noise(samples: pair.input / 50 * 4, seed: 7)
        var whole = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        let expected = whole.run(input)
        #expect(expected.count == input.count * pair.output / pair.input)
        var random = SystemRandomNumberGenerator.seeded(11)
        for round in 0..<6 {
            var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
            let blocks = (0..<50).map { _ in
                Int.random(in: 1...(round < 3 ? 7 : pair.input / 50), using: &random)
            }
            #expect(resampler.run(input, blocks: blocks) == expected, "\(pair), round \(round)")
        }
        var single = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        #expect(
            single.run(Array(input.prefix(97)), blocks: [1])
                == Array(expected.prefix((97 * pair.output + pair.input - 1) / pair.input)))
    }

    @Test(arguments: [Pair(input: 8_000, output: 24_000), Pair(input: 24_000, output: 8_000)])
    func `saturates and never wraps`(pair: Pair) throws {
        var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        // A full-scale square wave overshoots after any low-pass filter.
        let input = (0..<pair.input / 10).map { $0 / (pair.input / 1_000) % 2 == 0 ? Int16.max : Int16.min }
        let output = resampler.run(input)
        let latency = resampler.latencySamples
        #expect(output.contains(.max) && output.contains(.min))
        let perHalf = pair.output / 1_000
        // Away from the edges, where the filter rings highest, every sample keeps its sign.
        for (index, value) in output.dropFirst(latency).enumerated()
        where (perHalf / 4...perHalf * 3 / 4).contains(index % perHalf) {
            let high = index / perHalf % 2 == 0
            #expect(high ? value > 20_000 : value < -20_000, "sample \(index): \(value)")
        }
    }

    @Test(arguments: Pair.all)
    func `forgets everything on reset`(pair: Pair) throws {
        var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        _ = resampler.run(Signals.noise(samples: 101, seed: 3))
        resampler.reset()
        let input = Signals.noise(samples: pair.input / 50, seed: 4)
        let again = resampler.run(input)
        var fresh = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        #expect(again == fresh.run(input))
        resampler.reset()
        #expect(resampler.run([Int16](repeating: 0, count: pair.input / 50)).allSatisfy { $0 == 0 })
    }

    @Test(arguments: [Pair(input: 8_000, output: 24_000), Pair(input: 24_000, output: 16_000)])
    func `allocates nothing in ten seconds of frames`(pair: Pair) throws {
        var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        let input = Signals.noise(samples: pair.input / 50, seed: 5)
        var output = [Int16](repeating: 0, count: pair.output / 50)
        var target = output.mutableSpan
        _ = resampler.process(input.span, into: &target)
        allocation_probe_start()
        for _ in 0..<500 { _ = resampler.process(input.span, into: &target) }
        let allocations = allocation_probe_stop()
        #expect(allocations <= 0)
    }

    @Test(arguments: [(8_000, 44_100), (11_025, 8_000), (8_000, 8_000), (0, 8_000)])
    func `refuses other rates by name`(input: Int, output: Int) {
        do {
            _ = try PolyphaseResampler(inputRateHz: input, outputRateHz: output)
            Issue.record("\(input) to \(output) was accepted")
        } catch {
            #expect(error.code == .unsupportedRatio)
            #expect(error.description.contains("\(input)") && error.description.contains("\(output)"))
        }
    }
}
