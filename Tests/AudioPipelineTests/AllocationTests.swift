import AllocationProbe
import AudioPipeline
import Testing

/// Where the probe cannot work (under a sanitizer) it says -1 and there is nothing to show.
@Suite struct `Frame path allocates nothing` {
    @Test func `the probe sees one allocation of Swift and one of an array`() {
        allocation_probe_start()
        let counter = Counter()
        let one = allocation_probe_stop()
        #expect(one == 1 || one == -1)
        #expect(counter.value == 0)
        allocation_probe_start()
        let array = [Int](repeating: counter.value == 0 ? 1 : 2, count: 1_000)
        let two = allocation_probe_stop()
        #expect(two == 1 || two == -1)
        #expect(array.count == 1_000)
    }

    @Test func `rings push and pop`() {
        var samples = SampleRing<Int16>(capacity: 1_024)
        var frames = MulawFrameRing(capacityFrames: 4, frameLength: 160)
        var records = RecordRing<UInt64>(capacity: 4)
        var linear = [Int16](repeating: 1, count: 160)
        var wire = [UInt8](repeating: 1, count: 160)
        var moved = 0
        let allocations = allocations {
            for tick in 0..<500 {
                if samples.writer.push(linear.span) { moved += 1 }
                if frames.writer.push(wire.span) { moved += 1 }
                if records.writer.push(UInt64(tick)) { moved += 1 }
                var linearFrame = linear.mutableSpan
                if samples.reader.pop(into: &linearFrame) { moved += 1 }
                var wireFrame = wire.mutableSpan
                if frames.reader.pop(into: &wireFrame) { moved += 1 }
                if records.reader.pop() != nil { moved += 1 }
            }
        }
        #expect(allocations <= 0)
        #expect(moved == 2 * 3_000)
    }

    @Test func `500 ticks of a clock with a hundred calls, some coming and going`() {
        var clock = FrameClock(startNanoseconds: 0, capacity: 100)
        for member in 0..<100 {
            clock.add(member: member, phase: .inbound, slot: clock.emptiestSlot(), now: 0)
            clock.add(member: member, phase: .outbound, slot: clock.emptiestSlot(), now: 0)
        }
        let histogram = LatencyHistogram()
        var visits = 0
        let allocations = allocations {
            for _ in 0..<500 * FrameClock.slotCount {
                guard let deadline = clock.nextDeadline() else { break }
                while let visit = clock.nextVisit(now: deadline) {
                    histogram.record(nanoseconds: visit.latenessNanoseconds)
                    visits += 1
                    if visit.tick % 10 == 3 {
                        clock.move(
                            member: visit.member, phase: visit.phase, to: clock.slot(after: deadline), now: deadline)
                    }
                }
            }
        }
        #expect(allocations <= 0)
        #expect(visits > 90_000)
    }

    private func allocations(in work: () -> Void) -> Int {
        work()  // Warm: metadata and lazy binding are set up at first use.
        allocation_probe_start()
        work()
        return allocation_probe_stop()
    }
}
