import AudioPipeline
import Testing

@testable import MediaBridge

@Suite struct `Uplink history` {
    private static func frame(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 160)
    }

    private static func pop(_ queue: inout ArrivalQueue, _ frame: inout [UInt8]) -> Bool {
        var room = frame.mutableSpan
        return queue.pop(into: &room)
    }

    private static func take(_ history: inout UplinkHistory) -> (number: UInt8, isFresh: Bool)? {
        var frame = [UInt8](repeating: 0, count: 160)
        var room = frame.mutableSpan
        guard let isFresh = history.take(into: &room) else { return nil }
        return (frame[0], isFresh)
    }

    @Test func `frames come out once, in order, many times round`() {
        var history = UplinkHistory(pool: UplinkHistory.pool(calls: 1))
        for number in 0..<1_000 {
            let isKept = history.keep(Self.frame(number).span)
            #expect(isKept)
            let taken = Self.take(&history)
            #expect(taken?.number == UInt8(truncatingIfNeeded: number))
            #expect(taken?.isFresh == true)
        }
        let rest = Self.take(&history)
        #expect(rest == nil)
    }

    @Test func `S14 of what waits too long the oldest goes, counted, and the newest 5.1 s stay`() {
        var history = UplinkHistory(pool: UplinkHistory.pool(calls: 1))
        var letGo = 0
        for number in 0..<300 where !history.keep(Self.frame(number).span) { letGo += 1 }
        #expect(letGo == 300 - UplinkHistory.capacityFrames)
        let waiting = history.waiting
        #expect(waiting == UplinkHistory.capacityFrames)
        let oldest = Self.take(&history)
        #expect(oldest?.number == UInt8(300 - UplinkHistory.capacityFrames))
    }

    @Test func `what has gone goes once more, before what waits, and is not fresh`() {
        var history = UplinkHistory(pool: UplinkHistory.pool(calls: 1))
        for number in 0..<10 { _ = history.keep(Self.frame(number).span) }
        for _ in 0..<8 { _ = Self.take(&history) }
        history.rewind(frames: 3)
        let waiting = history.waiting
        #expect(waiting == 5)
        let waitingFresh = history.waitingFresh
        #expect(waitingFresh == 2)
        var taken: [(number: UInt8, isFresh: Bool)] = []
        while let frame = Self.take(&history) { taken.append(frame) }
        #expect(taken.map(\.number) == [5, 6, 7, 8, 9])
        #expect(taken.map(\.isFresh) == [false, false, false, true, true])
    }

    @Test func `no more goes once more than is kept`() {
        var history = UplinkHistory(pool: UplinkHistory.pool(calls: 1))
        for number in 0..<400 {
            _ = history.keep(Self.frame(number).span)
            _ = Self.take(&history)
        }
        history.rewind(frames: 10_000)
        let waiting = history.waiting
        #expect(waiting == UplinkHistory.capacityFrames)
        let oldest = Self.take(&history)
        #expect(oldest?.number == UInt8(400 - UplinkHistory.capacityFrames))
    }

    @Test func `what never went is counted at the end, what waits to go once more is not`() {
        var history = UplinkHistory(pool: UplinkHistory.pool(calls: 1))
        for number in 0..<6 { _ = history.keep(Self.frame(number).span) }
        for _ in 0..<4 { _ = Self.take(&history) }
        history.rewind(frames: 2)
        let neverWent = history.discard()
        #expect(neverWent == 2)
        let waiting = history.waiting
        #expect(waiting == 0)
    }

    @Test func `arrivals of any size come out as whole frames, and none is lost when the queue runs over`() {
        var queue = ArrivalQueue()
        var (sent, got) = (0, 0)
        for size in [1, 159, 160, 161, 480, 7, 320, 10_000, 40] {
            let audio = (0..<size).map { UInt8(truncatingIfNeeded: sent + $0) }
            if queue.push(audio.span) { sent += size }
            var frame = [UInt8](repeating: 0, count: 160)
            while Self.pop(&queue, &frame) {
                let expected = (0..<160).map { UInt8(truncatingIfNeeded: got + $0) }
                #expect(frame == expected)
                got += 160
            }
        }
        let left = queue.count
        #expect(sent - got == left)
        let isTaken = queue.push([UInt8](repeating: 0, count: ArrivalQueue.capacity + 1).span)
        #expect(!isTaken)
        let letGo = queue.discard()
        #expect(letGo == left)
    }

    @Test func `what has gone is kept for a second while nobody speaks, and its memory is lent to others`() {
        let pool = UplinkHistory.pool(calls: 1)
        do {
            var history = UplinkHistory(pool: pool)
            for number in 0..<1_000 {
                _ = history.keep(Self.frame(number).span)
                _ = Self.take(&history)
                if history.mayForget { history.limitGone(to: 25) }
                let held = history.heldBlocks
                #expect(held <= UplinkHistory.shortestFrames / UplinkHistory.blockFrames + 2)
                #expect(pool.takenBlocks == held)
            }
            history.rewind(frames: 50)
            let oldest = Self.take(&history)
            #expect(oldest?.number == UInt8(truncatingIfNeeded: 950))
        }
        #expect(pool.takenBlocks == 0)
    }

    @Test func `while he speaks, all that he has said is kept, up to 5.1 s`() {
        let pool = UplinkHistory.pool(calls: 1)
        var history = UplinkHistory(pool: pool)
        for number in 0..<400 {
            _ = history.keep(Self.frame(number).span)
            _ = Self.take(&history)
            if history.mayForget { history.limitGone(to: number < 200 ? 0 : number - 200) }
        }
        history.rewind(frames: 190)
        let oldest = Self.take(&history)
        #expect(oldest?.number == UInt8(400 - 190))
    }

    @Test func `what waits is never forgotten`() {
        let pool = UplinkHistory.pool(calls: 1)
        var history = UplinkHistory(pool: pool)
        for number in 0..<250 {
            let isKept = history.keep(Self.frame(number).span)
            #expect(isKept)
            history.limitGone(to: 0)
        }
        for number in 0..<250 {
            let frame = Self.take(&history)
            #expect(frame?.number == UInt8(number))
        }
    }

    @Test func `without a block left a frame is let go and counted, and what waits still goes`() {
        let pool = BlockPool(blockCount: 1, blockBytes: UplinkHistory.blockFrames * UplinkHistory.frameSamples)
        var history = UplinkHistory(pool: pool)
        var letGo = 0
        for number in 0..<10 where !history.keep(Self.frame(number).span) { letGo += 1 }
        #expect(letGo == 2)
        for number in 0..<8 {
            let frame = Self.take(&history)
            #expect(frame?.number == UInt8(number))
        }
        let rest = Self.take(&history)
        #expect(rest == nil)
    }

    @Test func `two calls of a pool do not see one another's audio`() {
        let pool = UplinkHistory.pool(calls: 2)
        var one = UplinkHistory(pool: pool)
        var other = UplinkHistory(pool: pool)
        for number in 0..<600 {
            _ = one.keep(Self.frame(number).span)
            _ = other.keep(Self.frame(number + 100).span)
            if number % 3 == 0 { one.limitGone(to: 0) }
        }
        for number in 600 - UplinkHistory.capacityFrames..<600 {
            let (mine, its) = (Self.take(&one), Self.take(&other))
            #expect(mine?.number == UInt8(truncatingIfNeeded: number))
            #expect(its?.number == UInt8(truncatingIfNeeded: number + 100))
        }
        #expect(pool.takenBlocks <= pool.blockCount)
    }

    @Test func `the memory of a burst is given back with its last frame`() {
        var queue = ArrivalQueue()
        let frame = [UInt8](repeating: 7, count: 160)
        for _ in 0..<6 { _ = queue.push(frame.span) }
        let steady = queue.heldBytes
        #expect(steady == ArrivalQueue.steadyCapacity)
        for _ in 0..<90 { _ = queue.push(frame.span) }
        let burst = queue.heldBytes
        #expect(burst > ArrivalQueue.capacity)
        var room = frame
        for _ in 0..<96 {
            let isWhole = Self.pop(&queue, &room)
            #expect(isWhole)
        }
        let after = queue.heldBytes
        #expect(after == ArrivalQueue.steadyCapacity)
    }
}
