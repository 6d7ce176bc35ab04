import CLinux
import Glibc

/// Mappings that the send queues of a loop's sockets lend from one another. Loop thread.
///
/// Between two rounds of the loop only sockets whose peers read too slowly hold one. The one given back last is taken
/// first, while it is warm. Allocates in `init`, never after; maps what it has not got.
@safe final class QueueRooms {
    @safe private struct Room {
        let base: UnsafeMutablePointer<UInt8>
        let size: Int
    }
    private var free: [Room] = []
    /// More than sockets write in one round of a busy loop.
    private static var mostFree: Int { 256 }
    /// What a free room keeps of its memory: more than a message or two of a steady call.
    private static var keptBytes: Int { 16 * 1_024 }

    init() { free.reserveCapacity(Self.mostFree) }

    deinit { for room in free { unsafe _ = munmap(room.base, room.size) } }

    /// Bytes that may be anything; or new ones, zero.
    func take(_ size: Int) -> UnsafeMutablePointer<UInt8> {
        // A loop's sockets have queues of two sizes or three: the last one fits nearly always.
        var index = free.count - 1
        while index >= 0 {
            if free[index].size == size {
                free.swapAt(index, free.count - 1)
                return unsafe free.removeLast().base
            }
            index -= 1
        }
        let memory = unsafe mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        precondition(unsafe memory != MAP_FAILED, "mmap of \(size) bytes: errno \(errno)")
        return unsafe memory!.assumingMemoryBound(to: UInt8.self)
    }

    /// - Parameter used: bytes of it that were ever written to.
    func give(_ base: UnsafeMutablePointer<UInt8>, _ size: Int, used: Int) {
        guard free.count < Self.mostFree else {
            unsafe _ = munmap(base, size)
            return
        }
        if used > Self.keptBytes { unsafe _ = madvise(base + Self.keptBytes, size - Self.keptBytes, MADV_DONTNEED) }
        free.append(unsafe Room(base: base, size: size))
    }
}
