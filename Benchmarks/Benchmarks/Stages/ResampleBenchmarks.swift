import AudioPipeline
import Benchmark
import Resample

func resampleBenchmarks() {
    for (from, to) in [(8_000, 24_000), (24_000, 8_000), (8_000, 16_000), (24_000, 48_000)] {
        Benchmark("PolyphaseResampler.process 20 ms \(from / 1_000) to \(to / 1_000) kHz") { benchmark in
            var resampler = try PolyphaseResampler(inputRateHz: from, outputRateHz: to)
            let input = voice(samples: from / 50, sampleRateHz: from)
            var samples = [Int16](repeating: 0, count: to / 50 + 16)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                var output = samples.mutableSpan
                blackHole(resampler.process(input.span, into: &output))
            }
            benchmark.stopMeasurement()
            blackHole(samples)
        }
    }
    // The same work by libsamplerate: what the polyphase filter is there to save.
    for (from, to) in [(8_000, 24_000), (24_000, 8_000)] {
        Benchmark("RateConverter.process 20 ms \(from / 1_000) to \(to / 1_000) kHz") { benchmark in
            var converter = try RateConverter(inputRateHz: from, outputRateHz: to)
            let input = voice(samples: from / 50, sampleRateHz: from)
            var samples = [Int16](repeating: 0, count: converter.maximumOutputSamples(forInput: input.count))
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                var output = samples.mutableSpan
                blackHole(converter.process(input.span, into: &output))
            }
            benchmark.stopMeasurement()
            blackHole(samples)
        }
    }
}
