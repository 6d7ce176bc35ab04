import CLinux
import Glibc

/// Bytes waiting for the kernel, first in, first out, in one mapping. Room is address space: memory is only used as far
/// as the queue has ever filled, and an empty queue starts again at the front.
@safe struct ByteQueue: ~Copyable {
    /// Nil for a limit of zero.
    private let base: UnsafeMutablePointer<UInt8>?
    private let mapped: Int
    private var head = 0
    private var tail = 0
    let limit: Int

    init(limit: Int) {
        self.limit = limit
        // Twice the limit: what is queued moves to the front at most once per `limit` bytes.
        mapped = 2 * limit
        guard limit > 0 else {
            unsafe base = nil
            return
        }
        let memory = unsafe mmap(
            nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        precondition(unsafe memory != MAP_FAILED, "mmap of \(mapped) bytes: errno \(errno)")
        unsafe base = memory!.assumingMemoryBound(to: UInt8.self)
    }

    deinit {
        if let base = unsafe base { unsafe _ = munmap(base, mapped) }
    }

    var count: Int { tail - head }
    var isEmpty: Bool { tail == head }

    /// Room for `size` more bytes, which `commit` then makes part of the queue; nil when they would exceed the limit.
    mutating func room(_ size: Int) -> UnsafeMutableBufferPointer<UInt8>? {
        guard size <= limit - count, let base = unsafe base else { return nil }
        if tail + size > mapped {
            unsafe memmove(base, base + head, count)
            (head, tail) = (0, count)
        }
        return unsafe UnsafeMutableBufferPointer(start: base + tail, count: size)
    }
    mutating func commit(_ size: Int) { tail += size }

    /// Everything queued, oldest first. Valid until the next change.
    var front: UnsafeMutableBufferPointer<UInt8> {
        unsafe UnsafeMutableBufferPointer(start: base.map { unsafe $0 + head }, count: count)
    }
    mutating func drop(_ size: Int) {
        head += size
        if head == tail { (head, tail) = (0, 0) }
    }
}
