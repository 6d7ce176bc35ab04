import AudioPipeline
import Benchmark
import Conversation
import RealtimeBridge

/// What lies between the stages: audio that waits to be played, and the clock that says whose frame is due.
func playoutBenchmarks() {
    Benchmark("PlayoutQueue.append and popFrame 160 bytes") { benchmark in
        guard var queue = PlayoutQueue(pool: PlayoutPool(chunkCount: 200), format: .mulaw8k) else {
            benchmark.error("no room for the reserve")
            return
        }
        let audio = [UInt8](repeating: 0x7F, count: 160)
        var frame = audio
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(queue.append(PlayoutItem(ordinal: 1), audio.span))
            var output = frame.mutableSpan
            blackHole(queue.popFrame(into: &output))
        }
        benchmark.stopMeasurement()
        blackHole(frame)
    }
    // A speech model is faster than its speech: 200 ms at a time into what waits, 20 ms at a time out of it.
    Benchmark("PlayoutQueue.append 1,600 bytes, popFrame ten times") { benchmark in
        guard var queue = PlayoutQueue(pool: PlayoutPool(chunkCount: 400), format: .mulaw8k) else {
            benchmark.error("no room for the reserve")
            return
        }
        let audio = [UInt8](repeating: 0x7F, count: 1_600)
        var frame = [UInt8](repeating: 0, count: 160)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(queue.append(PlayoutItem(ordinal: 1), audio.span))
            for _ in 0..<10 {
                var output = frame.mutableSpan
                blackHole(queue.popFrame(into: &output))
            }
        }
        benchmark.stopMeasurement()
        blackHole(frame)
    }
    Benchmark("Pacer.framesDue and note, one frame a tick") { benchmark in
        var pacer = Pacer()
        let popped = PlayoutPop.frame(
            .init(item: PlayoutItem(ordinal: 1), audioBytes: 160, isFirst: false, isLast: false))
        var tick: Int64 = 0
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            tick += 1
            for _ in 0..<pacer.framesDue(at: tick) { blackHole(pacer.note(popped, at: tick)) }
        }
        benchmark.stopMeasurement()
    }
    Benchmark("FrameClock.nextVisit, 400 calls both ways, one visit") { benchmark in
        var clock = FrameClock(startNanoseconds: 0, capacity: 400)
        for member in 0..<400 {
            for phase in [ClockPhase.inbound, .outbound] {
                clock.add(member: member, phase: phase, slot: clock.emptiestSlot(), now: 0)
            }
        }
        var now: UInt64 = 0
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            while true {
                if let visit = clock.nextVisit(now: now) {
                    blackHole(visit.member)
                    break
                }
                now += FrameClock.slotNanoseconds
            }
        }
        benchmark.stopMeasurement()
    }
    Benchmark("SampleRing.push and pop 160 samples") { benchmark in
        var ring = SampleRing<Int16>(capacity: 1_024)
        let samples = [Int16](repeating: 7, count: 160)
        var popped = samples
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(ring.writer.push(samples.span))
            var output = popped.mutableSpan
            blackHole(ring.reader.pop(into: &output))
        }
        benchmark.stopMeasurement()
        blackHole(popped)
    }
}
