import AudioPipeline
import Testing

@Suite struct `Sample ring` {
    @Test func `keeps order and content at every start and every fill`() {
        let capacity = 8
        for start in 0..<capacity {
            for fill in 0...capacity {
                var ring = SampleRing<Int16>(capacity: capacity)
                advance(&ring, by: start)
                let samples = (0..<fill).map { Int16($0 + 1) }
                let pushed = ring.writer.push(samples.span)
                #expect(pushed)
                #expect(ring.writer.count == fill && ring.reader.count == fill)
                var out = [Int16](repeating: 0, count: fill)
                var span = out.mutableSpan
                let popped = ring.reader.pop(into: &span)
                #expect(popped)
                #expect(out == samples)
                #expect(ring.reader.count == 0)
            }
        }
    }

    @Test func `takes all or nothing at every start and fill`() {
        let capacity = 8
        for start in 0..<capacity {
            for fill in 0...capacity {
                for count in 0...capacity + 1 {
                    var ring = SampleRing<UInt8>(capacity: capacity)
                    advance(&ring, by: start)
                    let held = [UInt8](repeating: 7, count: fill)
                    let first = ring.writer.push(held.span)
                    #expect(first)
                    let more = [UInt8](repeating: 9, count: count)
                    let taken = ring.writer.push(more.span)
                    #expect(taken == (fill + count <= capacity))
                    #expect(ring.writer.refusedCount == (taken ? 0 : count))
                    #expect(ring.reader.count == fill + (taken ? count : 0))
                }
            }
        }
    }

    @Test func `a reader that asks for too much gets nothing and loses nothing`() {
        var ring = SampleRing<UInt8>(capacity: 4)
        let samples: [UInt8] = [1, 2, 3]
        let pushed = ring.writer.push(samples.span)
        #expect(pushed)
        var four = [UInt8](repeating: 0, count: 4)
        var span = four.mutableSpan
        let popped = ring.reader.pop(into: &span)
        #expect(!popped)
        #expect(four == [0, 0, 0, 0])
        span = four.mutableSpan
        let available = ring.reader.popAvailable(into: &span)
        #expect(available == 3)
        #expect(four == [1, 2, 3, 0])
    }

    @Test func `discards what it is told to`() {
        var ring = SampleRing<UInt8>(capacity: 8)
        let samples: [UInt8] = [1, 2, 3, 4, 5]
        let pushed = ring.writer.push(samples.span)
        #expect(pushed)
        let two = ring.reader.discard(2)
        var next = [UInt8](repeating: 0, count: 1)
        var span = next.mutableSpan
        let popped = ring.reader.pop(into: &span)
        let rest = ring.reader.discard()
        #expect(two == 2 && popped && next == [3] && rest == 2)
        #expect(ring.reader.count == 0)
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 4), (160, 256), (1024, 1024)])
    func `rounds its capacity up to a power of two`(asked: Int, given: Int) {
        let ring = SampleRing<UInt8>(capacity: asked)
        #expect(ring.writer.capacity == given)
    }

    @Test func `its ends come apart and keep its memory alive`() {
        var reader = splitReader()
        var count = 0
        while true {
            var one = [Int16](repeating: 0, count: 1)
            var span = one.mutableSpan
            guard reader.pop(into: &span) else { break }
            count += 1
            #expect(one == [Int16(count)])
        }
        #expect(count == 3)
    }

    private func splitReader() -> SampleReader<Int16> {
        let ring = SampleRing<Int16>(capacity: 4)
        var writer = ring.writer
        let reader = ring.reader
        let samples: [Int16] = [1, 2, 3]
        _ = writer.push(samples.span)
        return reader
    }

    private func advance<Element>(_ ring: inout SampleRing<Element>, by count: Int)
    where Element: FixedWidthInteger & BitwiseCopyable {
        for _ in 0..<count {
            var one: [Element] = [0]
            _ = ring.writer.push(one.span)
            var span = one.mutableSpan
            _ = ring.reader.pop(into: &span)
        }
    }
}
