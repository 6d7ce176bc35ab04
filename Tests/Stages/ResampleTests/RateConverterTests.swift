import AudioPipeline
import CSampleRate
import Resample
import Testing

@Suite struct `Rate converter` {
    @Test(arguments: [(8_000, 11_025), (44_100, 8_000), (22_050, 24_000)])
    func `converts odd ratios to the right length and pitch`(input: Int, output: Int) throws {
        let tone = Signals.sine(1_000, rateHz: input, samples: input / 2)
        let converted = try RateConverter.convert(tone, inputRateHz: input, outputRateHz: output)
        #expect(abs(converted.count - output / 2) <= 1)
        let middle = converted[(output / 8)..<(output / 8 * 3)]
        let fit = Fit.sine(1_000, middle, rateHz: output)
        #expect(abs(Signals.decibels(fit.amplitude / 30_000)) <= 0.05)
        #expect(Signals.decibels((2 * fit.rest).squareRoot() / 30_000) <= -60)
    }

    @Test func `holds back what it says and gives it on finish`() throws {
        var converter = try RateConverter(inputRateHz: 8_000, outputRateHz: 11_025)
        let input = Signals.sine(500, rateHz: 8_000, samples: 800)
        var room = [Int16](repeating: 0, count: converter.maximumOutputSamples(forInput: 800))
        var target = room.mutableSpan
        guard case .produced(let first) = converter.process(input.span, into: &target) else {
            Issue.record("nothing came out")
            return
        }
        var rest = 0
        if case .produced(let count) = converter.finish(into: &target) { rest = count }
        let due = 800 * 11_025 / 8_000, latency = converter.latencySamples
        #expect(abs(first + rest - due) <= 1)
        #expect(abs(rest - latency) <= 2, "rest \(rest), stated \(latency)")
    }

    @Test(arguments: [(8_000, 0), (0, 8_000), (-1, 8_000), (100, 48_000)])
    func `refuses a ratio outside 1 to 256`(input: Int, output: Int) {
        do {
            _ = try RateConverter(inputRateHz: input, outputRateHz: output)
            Issue.record("\(input) to \(output) was accepted")
        } catch {
            #expect(error.code == .unsupportedRatio)
        }
    }

    @Test(arguments: Pair.all)
    func `agrees with our polyphase filter, which lags it by its stated delay`(pair: Pair) throws {
        // Two tones inside the pass band, through libsamplerate's best converter as the judge.
        let low = Signals.sine(437, rateHz: pair.input, samples: pair.input / 5, amplitude: 12_000)
        let high = Signals.sine(pair.passHz * 0.97, rateHz: pair.input, samples: pair.input / 5, amplitude: 12_000)
        let input = zip(low, high).map { $0 + $1 }
        let judge = try Self.best(input, pair)
        var resampler = try PolyphaseResampler(inputRateHz: pair.input, outputRateHz: pair.output)
        let ours = resampler.run(input)
        let latency = resampler.latencySamples
        var worst = 0
        for index in (pair.output / 20)..<(pair.output / 20 * 3) {
            worst = max(worst, abs(Int(ours[index + latency]) - Int(judge[index])))
        }
        // 24,000 peak, 0.05 dB of ripple on either tone is 70 each.
        #expect(worst <= 60, "\(pair): \(worst)")
    }

    @Test(arguments: [(8_000, 24_000, true), (16_000, 16_000, true), (44_100, 8_000, false)])
    func `the front picks the engine by ratio`(input: Int, output: Int, forFramePath: Bool) throws {
        var resampler = try Resampler(inputRateHz: input, outputRateHz: output)
        let isForFramePath = resampler.isForFramePath
        #expect(isForFramePath == forFramePath)
        var produced = 0
        let frame = Signals.sine(400, rateHz: input, samples: input / 50)
        var room = [Int16](repeating: 0, count: output / 10)
        for _ in 0..<10 {
            var target = room.mutableSpan
            if case .produced(let samples) = resampler.process(frame.span, into: &target) { produced += samples }
        }
        let latency = resampler.latencySamples
        #expect(abs(produced - (output / 5 - (forFramePath ? 0 : latency))) <= 2)
    }

    private static func best(_ input: [Int16], _ pair: Pair) throws -> [Int16] {
        let source = input.map { Float($0) }
        let count = input.count * pair.output / pair.input + 64
        var result = [Float](repeating: 0, count: count)
        var generated = 0
        unsafe source.withUnsafeBufferPointer { from in
            unsafe result.withUnsafeMutableBufferPointer { to in
                var data = unsafe SRC_DATA()
                unsafe data.data_in = from.baseAddress
                unsafe data.data_out = to.baseAddress
                unsafe data.input_frames = CLong(from.count)
                unsafe data.output_frames = CLong(to.count)
                unsafe data.src_ratio = Double(pair.output) / Double(pair.input)
                unsafe _ = src_simple(&data, CInt(SRC_SINC_BEST_QUALITY), 1)
                unsafe generated = Int(data.output_frames_gen)
            }
        }
        try #require(generated > 0)
        return result[..<generated].map { Int16(min(max($0, -32_768), 32_767).rounded()) }
    }
}
