import AudioPipeline
import Benchmark
import MulawCodec

func codecBenchmarks() {
    Benchmark("MulawDecoder.process 160 samples") { benchmark in
        var decoder = MulawDecoder()
        let codes = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        var linear = [Int16](repeating: 0, count: 160)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            var output = linear.mutableSpan
            blackHole(decoder.process(codes.span, into: &output))
        }
        benchmark.stopMeasurement()
        blackHole(linear)
    }
    Benchmark("MulawEncoder.process 160 samples") { benchmark in
        var encoder = MulawEncoder()
        let linear = voice(samples: 160, sampleRateHz: 8_000)
        var codes = [UInt8](repeating: 0, count: 160)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            var output = codes.mutableSpan
            blackHole(encoder.process(linear.span, into: &output))
        }
        benchmark.stopMeasurement()
        blackHole(codes)
    }
}
