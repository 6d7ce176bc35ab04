import AudioPipeline
import Benchmark
import MulawCodec
import Peers

/// G.711 of one frame, each next to a C loop over a table in the same run.
func codecBenchmarks() {
    // Four seconds of frames in turn, as the calls of a shard come: no branch can learn them by heart.
    let frames = (0..<200).map { voice(samples: 160, sampleRateHz: 8_000, from: $0 * 160) }
    let words = (0..<200).map { frame in (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ frame &* 91) } }

    benchmarkDecoding("MulawDecoder.process 160 samples", words, MulawDecoder())
    benchmarkDecoding("AlawDecoder.process 160 samples", words, AlawDecoder())
    benchmarkEncoding("MulawEncoder.process 160 samples", frames, MulawEncoder())
    benchmarkEncoding("AlawEncoder.process 160 samples", frames, AlawEncoder())
    for (name, decode) in [("mu-law", peer_mulaw_decode), ("A-law", peer_alaw_decode)] {
        Benchmark("C table loop, \(name) decode 160 samples") { benchmark in
            var linear = [Int16](repeating: 0, count: 160)
            benchmark.startMeasurement()
            for index in benchmark.scaledIterations { decode(words[index % 200], 160, &linear) }
            benchmark.stopMeasurement()
            blackHole(linear)
        }
    }
    for (name, encode) in [("mu-law", peer_mulaw_encode), ("A-law", peer_alaw_encode)] {
        Benchmark("C table loop, \(name) encode 160 samples") { benchmark in
            var codes = [UInt8](repeating: 0, count: 160)
            benchmark.startMeasurement()
            for index in benchmark.scaledIterations { encode(frames[index % 200], 160, &codes) }
            benchmark.stopMeasurement()
            blackHole(codes)
        }
    }
}

private func benchmarkDecoding<Decoder: Stage & ~Copyable>(
    _ name: String, _ words: [[UInt8]], _ decoder: @escaping @autoclosure () -> Decoder
) where Decoder.Input == UInt8, Decoder.Output == Int16 {
    Benchmark(name) { benchmark in
        var stage = decoder()
        var linear = [Int16](repeating: 0, count: 160)
        benchmark.startMeasurement()
        for index in benchmark.scaledIterations {
            let frame = words[index % 200]
            var output = linear.mutableSpan
            blackHole(stage.process(frame.span, into: &output))
        }
        benchmark.stopMeasurement()
        blackHole(linear)
    }
}

private func benchmarkEncoding<Encoder: Stage & ~Copyable>(
    _ name: String, _ frames: [[Int16]], _ encoder: @escaping @autoclosure () -> Encoder
) where Encoder.Input == Int16, Encoder.Output == UInt8 {
    Benchmark(name) { benchmark in
        var stage = encoder()
        var codes = [UInt8](repeating: 0, count: 160)
        benchmark.startMeasurement()
        for index in benchmark.scaledIterations {
            let frame = frames[index % 200]
            var output = codes.mutableSpan
            blackHole(stage.process(frame.span, into: &output))
        }
        benchmark.stopMeasurement()
        blackHole(codes)
    }
}
