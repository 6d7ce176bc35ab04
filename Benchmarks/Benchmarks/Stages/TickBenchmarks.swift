import AudioPipeline
import Benchmark
import RealtimeBridge

/// Stands for a socket, as in FramePath, whose file `SteadyCall` is.
@inline(never) func consume(_ bytes: Int) { blackHole(bytes) }

/// 20 ms of one call, both ways, in a steady state: all stages, without sockets.
func tickBenchmarks() {
    for (name, format) in [("pass-through", ModelAudioFormat.pcmu), ("transcoding 8 and 24 kHz", .pcm24)] {
        Benchmark("A whole tick, \(name)") { benchmark in
            guard var call = try SteadyCall.begin(format) else {
                benchmark.error("no room for the reserve")
                return
            }
            for tick in 0..<200 { call.tick(tick) }
            var tick = 200
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                call.tick(tick, countingEvents: true)
                tick += 1
            }
            benchmark.stopMeasurement()
            let (heard, sent) = (call.counters[.framesIn], call.counters[.framesOut])
            call.end()
            guard heard > 0, sent > 0 else { return benchmark.error("\(heard) frames heard, \(sent) sent") }
        }
    }
}

enum Counted: UInt8, CounterName { case framesIn, framesToModel, framesOut, samplesFromModel }
