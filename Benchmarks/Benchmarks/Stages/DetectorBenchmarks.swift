import AudioPipeline
import Benchmark
import VAD

func detectorBenchmarks() {
    Benchmark("EnergyDetector.analyze 160 samples") { benchmark in
        var detector = EnergyDetector()
        let frame = voice(samples: 160, sampleRateHz: 8_000)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(detector.analyze(frame.span)) }
        benchmark.stopMeasurement()
    }
}

func echoBenchmarks() {
    Benchmark("EchoReference.sent and judge 160 samples") { benchmark in
        var reference = EchoReference()
        let frame = voice(samples: 160, sampleRateHz: 8_000)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            reference.sent(frame.span)
            blackHole(reference.judge(frame.span))
        }
        benchmark.stopMeasurement()
    }
}
