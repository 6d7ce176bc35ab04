import AudioPipeline
import Benchmark
import TelephoneVAD
import VAD

func detectorBenchmarks() {
    Benchmark("EnergyDetector.analyze 160 samples") { benchmark in
        var detector = EnergyDetector()
        let frames = (0..<50).map { voice(samples: 160, sampleRateHz: 8_000, from: $0 * 160) }
        benchmark.startMeasurement()
        for index in benchmark.scaledIterations {
            let frame = frames[index % 50]
            blackHole(detector.analyze(frame.span))
        }
        benchmark.stopMeasurement()
    }
    Benchmark("TelephoneDetector.analyze 160 samples") { benchmark in
        var detector = TelephoneDetector()
        let frames = (0..<50).map { voice(samples: 160, sampleRateHz: 8_000, from: $0 * 160) }
        benchmark.startMeasurement()
        for index in benchmark.scaledIterations {
            let frame = frames[index % 50]
            blackHole(detector.analyze(frame.span))
        }
        benchmark.stopMeasurement()
    }
    Benchmark("SpeechSegmenter.advance") { benchmark in
        var segmenter = SpeechSegmenter()
        benchmark.startMeasurement()
        for index in benchmark.scaledIterations { blackHole(segmenter.advance(isSpeech: index % 40 < 20)) }
        benchmark.stopMeasurement()
    }
}

func echoBenchmarks() {
    Benchmark("EchoReference.sent and judge 160 samples") { benchmark in
        var reference = EchoReference()
        // The agent speaks all the time, and comes back 300 ms later and 18 dB weaker.
        let frames = (0..<50).map { voice(samples: 160, sampleRateHz: 8_000, from: $0 * 160) }
        let returned = frames.map { $0.map { $0 / 8 } }
        benchmark.startMeasurement()
        for index in benchmark.scaledIterations {
            let frame = frames[index % 50], echo = returned[(index + 35) % 50]
            reference.sent(frame.span)
            blackHole(reference.judge(echo.span))
        }
        benchmark.stopMeasurement()
    }
}
