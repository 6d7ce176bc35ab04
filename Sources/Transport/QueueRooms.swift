import CLinux
import Glibc

/// Mappings that the send queues of a loop's sockets lend from one another. Loop thread.
///
/// Between two rounds of the loop only sockets whose peers read too slowly hold one. The one given back last is taken
/// first, while it is warm. Allocates when it meets a size for the first time, never after; maps what it has not got.
@safe final class QueueRooms {
    @safe private struct Room {
        let base: UnsafeMutablePointer<UInt8>
    }
    /// Free rooms of one size: a loop's sockets have queues of two sizes or three.
    private struct Shelf {
        let size: Int
        var rooms: [Room] = []
    }
    private var shelves: [Shelf] = []
    /// Of one size; more than sockets write in one round of a busy loop.
    static var mostFree: Int { 256 }
    /// What a free room keeps of its memory: more than a message or two of a steady call.
    private static var keptBytes: Int { 16 * 1_024 }

    deinit {
        for shelf in shelves {
            for room in shelf.rooms { unsafe _ = munmap(room.base, shelf.size) }
        }
    }

    /// Free rooms, of all sizes.
    var freeCount: Int { shelves.reduce(0) { $0 + $1.rooms.count } }

    /// Bytes that may be anything; or new ones, zero.
    func take(_ size: Int) -> UnsafeMutablePointer<UInt8> {
        let place = place(of: size)
        if let room = shelves[place].rooms.popLast() { return unsafe room.base }
        let memory = unsafe mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        precondition(unsafe memory != MAP_FAILED, "mmap of \(size) bytes: errno \(errno)")
        return unsafe memory!.assumingMemoryBound(to: UInt8.self)
    }

    /// - Parameter used: bytes of it that were ever written to.
    func give(_ base: UnsafeMutablePointer<UInt8>, _ size: Int, used: Int) {
        let place = place(of: size)
        guard shelves[place].rooms.count < Self.mostFree else {
            unsafe _ = munmap(base, size)
            return
        }
        if used > Self.keptBytes { unsafe _ = madvise(base + Self.keptBytes, size - Self.keptBytes, MADV_DONTNEED) }
        shelves[place].rooms.append(unsafe Room(base: base))
    }

    private func place(of size: Int) -> Int {
        for place in shelves.indices where shelves[place].size == size { return place }
        var shelf = Shelf(size: size)
        shelf.rooms.reserveCapacity(Self.mostFree)
        shelves.append(shelf)
        return shelves.count - 1
    }
}
