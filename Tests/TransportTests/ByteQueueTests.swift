import Testing

@testable import Transport

@Suite struct `Send queues` {
    private static func put(_ bytes: [UInt8], into queue: inout ByteQueue, _ rooms: QueueRooms) -> Bool {
        guard let room = unsafe queue.room(bytes.count, from: rooms) else { return false }
        for index in bytes.indices { unsafe room[index] = bytes[index] }
        queue.commit(bytes.count)
        return true
    }

    private static func front(_ queue: borrowing ByteQueue) -> [UInt8] { unsafe Array(queue.front) }

    @Test func `an empty queue holds no room, and the next to write uses the same one`() {
        let rooms = QueueRooms()
        var one = ByteQueue(limit: 4_096)
        var other = ByteQueue(limit: 4_096)
        var place: UnsafeMutablePointer<UInt8>?
        for _ in 0..<3 {
            let isQueued = Self.put([1, 2, 3], into: &one, rooms)
            #expect(isQueued)
            if unsafe place == nil { unsafe place = one.front.baseAddress }
            let isSame = unsafe one.front.baseAddress == place
            #expect(isSame)
            one.drop(3, to: rooms)
            let isNowhere = unsafe one.front.baseAddress == nil
            #expect(isNowhere)
            let isOthersQueued = Self.put([4], into: &other, rooms)
            #expect(isOthersQueued)
            let isLent = unsafe other.front.baseAddress == place
            #expect(isLent)
            other.drop(1, to: rooms)
        }
    }

    @Test func `queues that are full at once share nothing, and keep to their limits`() {
        let rooms = QueueRooms()
        var one = ByteQueue(limit: 100)
        var other = ByteQueue(limit: 50_000)
        let isQueued = Self.put([UInt8](repeating: 1, count: 100), into: &one, rooms)
        let isOthersQueued = Self.put([UInt8](repeating: 2, count: 50_000), into: &other, rooms)
        let isTooMuch = Self.put([3], into: &one, rooms)
        #expect(isQueued && isOthersQueued && !isTooMuch)
        let (first, second) = (Self.front(one), Self.front(other))
        #expect(first == [UInt8](repeating: 1, count: 100))
        #expect(second == [UInt8](repeating: 2, count: 50_000))
        one.drop(60, to: rooms)
        let isRoomAgain = Self.put([UInt8](repeating: 4, count: 60), into: &one, rooms)
        let moved = Self.front(one)
        #expect(isRoomAgain)
        #expect(moved == [UInt8](repeating: 1, count: 40) + [UInt8](repeating: 4, count: 60))
        // What a burst has filled is given up but for its first pages: new memory is zero.
        other.drop(50_000, to: rooms)
        let room = unsafe rooms.take(100_000)
        let far = unsafe room[40_000]
        #expect(far == 0)
        unsafe rooms.give(room, 100_000, used: 0)
    }

    @Test func `a burst of one kind of socket does not leave another kind without rooms`() {
        let rooms = QueueRooms()
        let (many, size, other) = (QueueRooms.mostFree + 10, 8_192, 16_384)
        var taken = unsafe [UnsafeMutablePointer<UInt8>]()
        for _ in 0..<many { unsafe taken.append(rooms.take(size)) }
        while let room = unsafe taken.popLast() { unsafe rooms.give(room, size, used: 1) }
        #expect(rooms.freeCount == QueueRooms.mostFree)
        let place = unsafe rooms.take(other)
        unsafe rooms.give(place, other, used: 1)
        let isKept = unsafe rooms.take(other) == place
        #expect(isKept)
        unsafe rooms.give(place, other, used: 1)
    }
}
