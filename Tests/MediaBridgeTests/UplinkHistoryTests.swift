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
        var history = UplinkHistory()
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
        var history = UplinkHistory()
        var letGo = 0
        for number in 0..<300 where !history.keep(Self.frame(number).span) { letGo += 1 }
        #expect(letGo == 300 - UplinkHistory.capacityFrames)
        let waiting = history.waiting
        #expect(waiting == UplinkHistory.capacityFrames)
        let oldest = Self.take(&history)
        #expect(oldest?.number == UInt8(300 - UplinkHistory.capacityFrames))
    }

    @Test func `what has gone goes once more, before what waits, and is not fresh`() {
        var history = UplinkHistory()
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
        var history = UplinkHistory()
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
        var history = UplinkHistory()
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
}
