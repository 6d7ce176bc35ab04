import AudioPipeline
import Testing

@Suite struct `Frame ring` {
    @Test func `keeps frames whole and in order at every start and fill`() {
        let capacity = 4
        for start in 0..<capacity {
            for fill in 0...capacity {
                var ring = PCMFrameRing(capacityFrames: capacity, frameLength: 3)
                for _ in 0..<start {
                    _ = ring.writer.push([Int16](repeating: -1, count: 3).span)
                    ring.reader.discard(1)
                }
                for number in 0..<fill {
                    let frame = [Int16](repeating: Int16(number), count: 3)
                    let pushed = ring.writer.push(frame.span)
                    #expect(pushed)
                }
                #expect(ring.reader.count == fill)
                let extra = ring.writer.push([9, 9, 9].span)
                #expect(extra == (fill < capacity))
                #expect(ring.writer.refusedCount == (extra ? 0 : 1))
                for number in 0..<fill {
                    var frame = [Int16](repeating: 0, count: 3)
                    var span = frame.mutableSpan
                    let popped = ring.reader.pop(into: &span)
                    #expect(popped)
                    #expect(frame == [Int16](repeating: Int16(number), count: 3))
                }
            }
        }
    }

    @Test func `an empty ring leaves the frame as it was`() {
        var ring = MulawFrameRing(capacityFrames: 2, frameLength: 2)
        var frame: [UInt8] = [5, 6]
        var span = frame.mutableSpan
        let popped = ring.reader.pop(into: &span)
        #expect(!popped)
        #expect(frame == [5, 6])
    }
}

@Suite struct `Record ring` {
    @Test func `refuses and counts when full, and gives records back in order`() {
        var ring = RecordRing<Int>(capacity: 2)
        let taken = (1...4).map { ring.writer.push($0) }
        #expect(taken == [true, true, false, false])
        #expect(ring.reader.refusedCount == 2)
        let first = ring.reader.pop(), second = ring.reader.pop(), third = ring.reader.pop()
        #expect(first == 1 && second == 2 && third == nil)
    }
}

@Suite struct `Hand-off ring` {
    private final class Parcel: Sendable {
        let number: Int
        let live: Counter
        init(_ number: Int, _ live: Counter) {
            (self.number, self.live) = (number, live)
            live.set(live.value + 1)
        }
        deinit { live.set(live.value - 1) }
    }

    @Test func `moves elements through and gives back what it cannot take`() {
        let live = Counter()
        do {
            var ring = HandoffRing<Parcel>(capacity: 2)
            for number in 0..<2 {
                let refused = ring.writer.push(Parcel(number, live))
                #expect(refused == nil)
            }
            let refused = ring.writer.push(Parcel(2, live))
            #expect(refused?.number == 2 && ring.writer.isFull && ring.writer.refusedCount == 1)
            let popped = ring.reader.pop()
            #expect(popped?.number == 0)
        }
        #expect(live.value == 0, "what was left inside is destroyed with the ring")
    }

    @Test func `destroys exactly what is inside at every start and fill`() {
        for start in 0..<4 {
            for fill in 0...4 {
                let live = Counter()
                do {
                    var ring = HandoffRing<Parcel>(capacity: 4)
                    for _ in 0..<start {
                        ring.writer.push(Parcel(0, live))
                        _ = ring.reader.pop()
                    }
                    for number in 0..<fill { ring.writer.push(Parcel(number, live)) }
                    #expect(live.value == UInt64(fill))
                }
                #expect(live.value == 0)
            }
        }
    }
}
