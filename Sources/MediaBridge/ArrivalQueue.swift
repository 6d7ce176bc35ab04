import AudioPipeline

/// Code words of the caller's between his socket and the inbound phase: a queue that begins again at its front whenever
/// it is empty, so that a call's every frame passes through the same warm memory. What a carrier sends in a burst after a
/// stall waits in memory that is taken for it and given back when the queue is empty.
@safe struct ArrivalQueue: ~Copyable {
    /// 2 s: absorbs what a carrier sends in a burst after a stall.
    static let capacity = 16 * 1_024
    /// 128 ms: more than waits in any steady call, carriers that put 100 ms in a message included.
    static let steadyCapacity = 1_024

    private let steady = UnsafeMutablePointer<UInt8>.allocate(capacity: steadyCapacity)
    /// `capacity` bytes, while a burst waits.
    private var burst: UnsafeMutablePointer<UInt8>?
    private var head = 0
    private var tail = 0

    deinit {
        unsafe steady.deallocate()
        unsafe burst?.deallocate()
    }

    var count: Int { tail - head }
    /// Bytes of memory held.
    var heldBytes: Int { unsafe Self.steadyCapacity + (burst == nil ? 0 : Self.capacity) }

    /// - Returns: false when there is no room for all of it; nothing is taken then.
    mutating func push(_ audio: Span<UInt8>) -> Bool {
        guard audio.count <= Self.capacity - count else { return false }
        makeRoom(for: audio.count)
        unsafe (samples + tail).copy(audio)
        tail += audio.count
        return true
    }

    /// Fills all of `frame` or leaves it as it is.
    /// - Returns: false when there is too little.
    mutating func pop(into frame: inout MutableSpan<UInt8>) -> Bool {
        guard count >= frame.count else { return false }
        unsafe frame.copy(from: samples + head)
        head += frame.count
        if head == tail { empty() }
        return true
    }

    /// - Returns: samples that were let go.
    mutating func discard() -> Int {
        let count = count
        empty()
        return count
    }

    private var samples: UnsafeMutablePointer<UInt8> { unsafe burst ?? steady }

    private mutating func makeRoom(for size: Int) {
        guard unsafe tail + size > (burst == nil ? Self.steadyCapacity : Self.capacity) else { return }
        let old = unsafe samples
        if unsafe burst == nil, count + size > Self.steadyCapacity { unsafe burst = .allocate(capacity: Self.capacity) }
        // The two may be the same memory.
        unsafe UnsafeMutableRawPointer(samples).copyMemory(from: old + head, byteCount: count)
        (head, tail) = (0, count)
    }

    private mutating func empty() {
        (head, tail) = (0, 0)
        guard let burst = unsafe burst else { return }
        unsafe burst.deallocate()
        unsafe self.burst = nil
    }
}
