import AudioPipeline
import Benchmark
import Foundation
import PlugIns
import VAD

/// Detectors by their names, behind the door that a call has them by.
func pluggedDetectorBenchmarks() {
    for name in ["energy", "telephone", "webrtc-2", "speex", "silero"] {
        Benchmark("AnyDetector.analyze, \(name), one window") { benchmark in
            guard let entry = PlugIns.Stages.detectors.entries.first(where: { $0.name == name }) else {
                return benchmark.error("there is no detector \(name)")
            }
            let make = try name == "silero" ? MadeUpWeights.with { try entry.prepare($0) } : entry.prepare()
            let detector = make()
            let (rate, samples) = (detector.window.sampleRateHz, detector.window.samples)
            let windows = (0..<50).map { voice(samples: samples, sampleRateHz: rate, from: $0 * samples) }
            benchmark.startMeasurement()
            for index in benchmark.scaledIterations {
                let window = windows[index % 50]
                blackHole(detector.analyze(window.span))
            }
            benchmark.stopMeasurement()
            let window = windows[0]
            let probability = detector.analyze(window.span).probability
            guard probability.isFinite else { return benchmark.error("no probability: \(probability)") }
        }
    }
}
