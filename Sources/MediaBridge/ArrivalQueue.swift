/// Code words of the caller's between his socket and the inbound phase: a queue that begins again at its front whenever
/// it is empty, so that a call's every frame passes through the same warm memory. Allocates in `init`, never after; pages
/// that nothing has ever waited in are never touched.
@safe struct ArrivalQueue: ~Copyable {
    /// 2 s: absorbs what a carrier sends in a burst after a stall.
    static let capacity = 16 * 1_024

    private let samples = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    private var head = 0
    private var tail = 0

    deinit { unsafe samples.deallocate() }

    var count: Int { tail - head }

    /// - Returns: false when there is no room for all of it; nothing is taken then.
    mutating func push(_ audio: Span<UInt8>) -> Bool {
        guard audio.count <= Self.capacity - count else { return false }
        if tail + audio.count > Self.capacity {
            // Forwards, so that an overlap does no harm.
            for index in 0..<count { unsafe samples[index] = samples[head + index] }
            (head, tail) = (0, count)
        }
        unsafe audio.withUnsafeBufferPointer { source in
            if let from = source.baseAddress { unsafe (samples + tail).update(from: from, count: source.count) }
        }
        tail += audio.count
        return true
    }

    /// Fills all of `frame` or leaves it as it is.
    /// - Returns: false when there is too little.
    mutating func pop(into frame: inout MutableSpan<UInt8>) -> Bool {
        let size = frame.count
        guard count >= size else { return false }
        unsafe frame.withUnsafeMutableBufferPointer { room in
            if let to = room.baseAddress { unsafe to.update(from: samples + head, count: size) }
        }
        head += size
        if head == tail { (head, tail) = (0, 0) }
        return true
    }

    /// - Returns: samples that were let go.
    mutating func discard() -> Int {
        let count = count
        (head, tail) = (0, 0)
        return count
    }
}
