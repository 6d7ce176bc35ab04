import AudioPipeline
import Benchmark

/// What keeping account costs: of a shard's parts, of a call's, and of what is recorded and laid by. The types are the
/// service's own files, by link.
func booksBenchmarks() {
    Benchmark("FrameBudget.record, the eight parts of a tick") { benchmark in
        let budget = FrameBudget()
        var nanoseconds: UInt64 = 1
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            nanoseconds = (nanoseconds &* 2_862_933_555_777_941_757 &+ 3_037_000_493) >> 44
            for part in FrameBudget.Part.allCases { budget.record(part, nanoseconds: nanoseconds) }
        }
        benchmark.stopMeasurement()
        guard budget[.tick].snapshot().count > 0 else { return benchmark.error("nothing was recorded") }
    }
    Benchmark("CallBudget.record, the six parts of a call") { benchmark in
        let budget = CallBudget(call: "CA0", tenant: "clinic", shard: 0)
        let parts = FrameBudget.Part.allCases.filter { $0 != .tick && $0 != .lateness }
        var nanoseconds: UInt64 = 1
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            nanoseconds = (nanoseconds &* 2_862_933_555_777_941_757 &+ 3_037_000_493) >> 44
            for part in parts { budget.record(part, nanoseconds: nanoseconds) }
        }
        benchmark.stopMeasurement()
        guard budget.count(.hear) > 0 else { return benchmark.error("nothing was recorded") }
    }
    Benchmark("RecordingTap.caller and agent, 160 samples each") { benchmark in
        var ring = RecordRing<RecordingPiece>(capacity: 64)
        var reader = ring.reader
        var tap = RecordingTap(ring.writer, ending: RecordingEnding())
        ring = RecordRing<RecordingPiece>(capacity: 1)
        let frame = [UInt8](repeating: 0x7F, count: 160)
        var now: Int64 = 0, taken = 0
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            now += 160
            tap.caller(frame.span, at: now)
            tap.agent(frame.span, at: now)
            while let piece = reader.pop() { taken += Int(piece.count) }
        }
        benchmark.stopMeasurement()
        guard taken > 0, tap.skipped == 0 else { return benchmark.error("\(taken) taken, \(tap.skipped) skipped") }
    }
    Benchmark("UplinkHistory.keep and take 160 bytes") { benchmark in
        var history = UplinkHistory(pool: UplinkHistory.pool(calls: 1))
        let frame = [UInt8](repeating: 0x7F, count: 160)
        var taken = frame
        var count = 0
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(history.keep(frame.span))
            var output = taken.mutableSpan
            if history.take(into: &output) != nil { count += 1 }
            if history.mayForget { history.limitGone(to: 0) }
        }
        benchmark.stopMeasurement()
        blackHole(taken)
        guard count > 0 else { return benchmark.error("nothing was taken") }
    }
}
