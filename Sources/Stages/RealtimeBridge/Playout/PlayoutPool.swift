import AudioPipeline

/// The memory in which agent audio waits to be sent: chunks of one size, taken once for a whole shard.
///
/// Every call that plays holds a reserve: chunks that no other call can take, so that a neighbour with four minutes of
/// speech queued costs nobody else a frame (S03). Belongs to one shard thread.
@safe public final class PlayoutPool {
    public let chunkBytes: Int
    public let chunkCount: Int
    /// Chunks nobody holds.
    // One thread, and nothing is called back while it is changed: the runtime need not watch over each access (300 of a
    // tick's instructions).
    @exclusivity(unchecked) public private(set) var freeChunks: Int
    /// Of those, how many are kept for calls that have not used up their reserve.
    @exclusivity(unchecked) public private(set) var promisedChunks = 0

    private let memory: UnsafeMutablePointer<UInt8>
    /// Behind each chunk: the next one of the same queue, or of the free list; -1 at the end.
    private let links: UnsafeMutablePointer<Int32>
    @exclusivity(unchecked) private var firstFree: Int32

    /// - Parameters:
    ///   - chunkCount: 1 ... 2^31 - 1. Memory that was never used is not touched.
    ///   - chunkBytes: 1,600 is 200 ms of mu-law.
    public init(chunkCount: Int, chunkBytes: Int = 1_600) {
        precondition(chunkCount > 0 && chunkCount < Int(Int32.max), "chunkCount: \(chunkCount)")
        precondition(chunkBytes > 0, "chunkBytes: \(chunkBytes)")
        self.chunkBytes = chunkBytes
        self.chunkCount = chunkCount
        unsafe freeChunks = chunkCount
        unsafe memory = .allocate(capacity: chunkCount * chunkBytes)
        unsafe links = .allocate(capacity: chunkCount)
        for chunk in 0..<chunkCount {
            unsafe (links + chunk).initialize(to: chunk + 1 < chunkCount ? Int32(chunk + 1) : -1)
        }
        unsafe firstFree = 0
    }

    deinit {
        unsafe memory.deallocate()
        unsafe links.deallocate()
    }

    /// Chunks that any call may still take.
    public var spareChunks: Int { unsafe freeChunks - promisedChunks }

    /// Less than an eighth is left to share: calls beyond their reserve are asked to slow their model down, while there
    /// is still room for what is already on its way.
    public var isLow: Bool { spareChunks < (chunkCount + 7) / 8 }

    // MARK: For the queues

    /// False when so many chunks cannot be kept for one more call.
    func promise(_ chunks: Int) -> Bool {
        guard spareChunks >= chunks else { return false }
        unsafe promisedChunks += chunks
        return true
    }

    func withdraw(_ chunks: Int) { unsafe promisedChunks -= chunks }

    /// A chunk, or -1. `isPromised`: it comes out of the caller's own reserve.
    @inline(__always)
    func take(isPromised: Bool) -> Int32 {
        guard isPromised || spareChunks > 0, unsafe firstFree >= 0 else { return -1 }
        let chunk = unsafe firstFree
        unsafe firstFree = link(after: chunk)
        setLink(after: chunk, to: -1)
        unsafe freeChunks -= 1
        if isPromised { unsafe promisedChunks -= 1 }
        return chunk
    }

    @inline(__always)
    func give(_ chunk: Int32, isPromised: Bool) {
        unsafe setLink(after: chunk, to: firstFree)
        unsafe firstFree = chunk
        unsafe freeChunks += 1
        if isPromised { unsafe promisedChunks += 1 }
    }

    @inline(__always)
    func link(after chunk: Int32) -> Int32 {
        precondition(chunk >= 0 && Int(chunk) < chunkCount, "chunk: \(chunk)")
        return unsafe links[Int(chunk)]
    }

    @inline(__always)
    func setLink(after chunk: Int32, to next: Int32) {
        precondition(chunk >= 0 && Int(chunk) < chunkCount, "chunk: \(chunk)")
        unsafe links[Int(chunk)] = next
    }

    /// Copies `bytes` into `chunk` at `offset`.
    @inline(__always)
    func write(_ bytes: Span<UInt8>, to chunk: Int32, at offset: Int) {
        precondition(chunk >= 0 && Int(chunk) < chunkCount, "chunk: \(chunk)")
        precondition(offset >= 0 && offset + bytes.count <= chunkBytes, "offset: \(offset)")
        unsafe (memory + (Int(chunk) * chunkBytes + offset)).copy(bytes)
    }

    /// Copies `count` bytes of `chunk` from `offset` to `position` in `output`.
    @inline(__always)
    func read(
        _ chunk: Int32, from offset: Int, count: Int, into output: inout MutableSpan<UInt8>, at position: Int
    ) {
        precondition(chunk >= 0 && Int(chunk) < chunkCount, "chunk: \(chunk)")
        precondition(offset >= 0 && offset + count <= chunkBytes, "offset: \(offset)")
        precondition(position >= 0 && position + count <= output.count, "position: \(position)")
        guard count > 0 else { return }
        let source = unsafe memory + (Int(chunk) * chunkBytes + offset)
        unsafe output.withUnsafeMutableBufferPointer { target in
            guard let start = target.baseAddress else { return }
            unsafe (start + position).update(from: source, count: count)
        }
    }
}
