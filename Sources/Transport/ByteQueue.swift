import CLinux
import Glibc

/// Bytes waiting for the kernel, first in, first out, in a room that is lent from its loop while there are any: an idle
/// socket holds none. Room is address space: memory is only used as far as a queue has ever filled, and an empty queue
/// starts again at the front. Loop thread.
@safe struct ByteQueue: ~Copyable {
    /// Nil while nothing waits.
    private var base: UnsafeMutablePointer<UInt8>?
    private var head = 0
    private var tail = 0
    /// How far the room has been filled.
    private var peak = 0
    let limit: Int

    init(limit: Int) { self.limit = limit }

    deinit {
        // Whoever lets go of a queue may be on another thread than its loop.
        if let base = unsafe base { unsafe _ = munmap(base, mapped) }
    }

    /// Twice the limit: what is queued moves to the front at most once per `limit` bytes.
    private var mapped: Int { 2 * limit }
    var count: Int { tail - head }
    var isEmpty: Bool { tail == head }

    /// Room for `size` more bytes, which `commit` then makes part of the queue; nil when they would exceed the limit.
    mutating func room(_ size: Int, from rooms: QueueRooms) -> UnsafeMutableBufferPointer<UInt8>? {
        guard size <= limit - count, limit > 0 else { return nil }
        let base = unsafe self.base ?? rooms.take(mapped)
        unsafe self.base = base
        if tail + size > mapped {
            unsafe memmove(base, base + head, count)
            (head, tail) = (0, count)
        }
        return unsafe UnsafeMutableBufferPointer(start: base + tail, count: size)
    }
    mutating func commit(_ size: Int) {
        tail += size
        peak = max(peak, tail)
    }

    /// Everything queued, oldest first. Valid until the next change.
    var front: UnsafeMutableBufferPointer<UInt8> {
        unsafe UnsafeMutableBufferPointer(start: base.map { unsafe $0 + head }, count: count)
    }
    mutating func drop(_ size: Int, to rooms: QueueRooms) {
        head += size
        guard head == tail, let base = unsafe base else { return }
        unsafe rooms.give(base, mapped, used: peak)
        (head, tail, peak) = (0, 0, 0)
        unsafe self.base = nil
    }
}
