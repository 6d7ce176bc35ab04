import AudioPipeline
import Dispatch
import Glibc
import Testing

/// Two threads on one ring, meant for `swift test --sanitize=thread -Xswiftc -O`: with the release or the acquire on
/// the indices weakened, the sanitizer reports the slots of the record and hand-off rings as raced on. All rings share
/// that code; it takes -O because unoptimised generics touch memory inside the standard library, out of its sight.
@Suite struct `Rings between two threads` {
    @Test func `samples cross unharmed`() {
        let ring = SampleRing<Int16>(capacity: 256)
        let total = 100_000
        let reader = Handed(ring.reader)
        var writer = ring.writer
        let done = onAnotherThread {
            var reader = reader.take()
            var expected = 0
            var chunk = [Int16](repeating: 0, count: 37)
            while expected < total {
                var span = chunk.mutableSpan
                let count = reader.popAvailable(into: &span)
                if count == 0 { sched_yield() }
                for index in 0..<count {
                    guard chunk[index] == Int16(truncatingIfNeeded: expected) else { return false }
                    expected += 1
                }
            }
            return true
        }
        var sent = 0
        while sent < total {
            let count = min(1 + sent % 41, total - sent)
            let chunk = (sent..<sent + count).map { Int16(truncatingIfNeeded: $0) }
            while !writer.push(chunk.span) { sched_yield() }
            sent += count
        }
        #expect(done())
    }

    @Test func `frames cross unharmed`() {
        let ring = MulawFrameRing(capacityFrames: 8, frameLength: 160)
        let total = 10_000
        let reader = Handed(ring.reader)
        var writer = ring.writer
        let done = onAnotherThread {
            var reader = reader.take()
            var frame = [UInt8](repeating: 0, count: 160)
            for number in 0..<total {
                while true {
                    var span = frame.mutableSpan
                    if reader.pop(into: &span) { break }
                    sched_yield()
                }
                let expected = UInt8(truncatingIfNeeded: number)
                guard frame.allSatisfy({ $0 == expected }) else { return false }
            }
            return true
        }
        for number in 0..<total {
            let frame = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 160)
            while !writer.push(frame.span) { sched_yield() }
        }
        #expect(done())
    }

    @Test func `elements with owners cross unharmed`() {
        let ring = HandoffRing<[Int]>(capacity: 16)
        let total = 20_000
        let reader = Handed(ring.reader)
        var writer = ring.writer
        let done = onAnotherThread {
            var reader = reader.take()
            for number in 0..<total {
                var element = reader.pop()
                while element == nil {
                    sched_yield()
                    element = reader.pop()
                }
                guard element == [number, -number] else { return false }
            }
            return true
        }
        for number in 0..<total {
            var refused = writer.push([number, -number])
            while let again = refused {
                sched_yield()
                refused = writer.push(again)
            }
        }
        #expect(done())
    }

    @Test func `records cross unharmed`() {
        struct Record: BitwiseCopyable {
            var number: Int
            var mirror: Int
        }
        let ring = RecordRing<Record>(capacity: 16)
        let total = 20_000
        let reader = Handed(ring.reader)
        var writer = ring.writer
        let done = onAnotherThread {
            var reader = reader.take()
            for number in 0..<total {
                var record = reader.pop()
                while record == nil {
                    sched_yield()
                    record = reader.pop()
                }
                guard let record, record.number == number, record.mirror == ~number else { return false }
            }
            return true
        }
        for number in 0..<total {
            while !writer.push(Record(number: number, mirror: ~number)) { sched_yield() }
        }
        #expect(done())
    }

    @Test func `a counter and a histogram are read while they are written`() {
        let counter = Counter(), histogram = LatencyHistogram()
        let done = onAnotherThread {
            var last: UInt64 = 0
            while last < 50_000 {
                let value = counter.value
                guard value >= last, histogram.snapshot().count <= 50_000 else { return false }
                last = value
            }
            return true
        }
        for value in 0..<50_000 {
            histogram.record(nanoseconds: UInt64(value))
            counter.add()
        }
        #expect(done())
        #expect(histogram.snapshot().count == 50_000)
    }

    /// Lets an escaping closure carry a noncopyable value across, once.
    private final class Handed<Value: ~Copyable & Sendable>: @unchecked Sendable {
        private var value: Value?
        init(_ value: consuming Value) { self.value = consume value }
        func take() -> Value { value.take()! }
    }

    private func onAnotherThread(_ work: @escaping @Sendable () -> Bool) -> () -> Bool {
        let finished = DispatchSemaphore(value: 0)
        let result = Counter()
        DispatchQueue(label: "reader").async {
            result.set(work() ? 1 : 0)
            finished.signal()
        }
        return {
            finished.wait()
            return result.value == 1
        }
    }
}
