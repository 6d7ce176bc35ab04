import AudioPipeline
import Benchmark

func pipelineBenchmarks() {
    Benchmark("FrameRing push and pop 160 bytes") { benchmark in
        var ring = MulawFrameRing(capacityFrames: 64, frameLength: 160)
        let frame = [UInt8](repeating: 0x7F, count: 160)
        var popped = frame
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(ring.writer.push(frame.span))
            var output = popped.mutableSpan
            blackHole(ring.reader.pop(into: &output))
        }
        benchmark.stopMeasurement()
        blackHole(popped)
    }
    Benchmark("LatencyHistogram.record") { benchmark in
        let histogram = LatencyHistogram()
        var nanoseconds: UInt64 = 1
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            nanoseconds = (nanoseconds &* 2_862_933_555_777_941_757 &+ 3_037_000_493) >> 40
            histogram.record(nanoseconds: nanoseconds)
        }
        benchmark.stopMeasurement()
        blackHole(histogram)
    }
    // One is less than a nanosecond, and would be shown as none.
    Benchmark("CounterBlock.add, ten times") { benchmark in
        let counters = CounterBlock<DropReason>()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            for index in 0..<10 { counters.add(index & 1 == 0 ? .stale : .overrun) }
        }
        benchmark.stopMeasurement()
        guard counters[.stale] > 0, counters[.overrun] > 0 else { return benchmark.error("nothing was counted") }
    }
}
