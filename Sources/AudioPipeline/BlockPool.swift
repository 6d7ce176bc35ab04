/// Memory in blocks of one size that many calls lend from one another: a block is taken when something has to be kept,
/// and given back when it has not any more. The one given back last is taken first, while it is warm.
///
/// Address space for every block is taken in `init`; pages of blocks that nobody ever needed are never touched. One
/// thread at a time. Allocates in `init`, never after.
@safe public final class BlockPool {
    /// Bytes of a block.
    public let blockBytes: Int
    public let blockCount: Int
    /// Blocks that somebody holds.
    @exclusivity(unchecked) public private(set) var takenBlocks = 0

    private let memory: UnsafeMutablePointer<UInt8>
    /// A free block holds the number of the next free one; -1 is the last.
    @exclusivity(unchecked) private var firstFree: Int32 = -1
    /// Blocks that have ever been taken: those behind were never touched.
    @exclusivity(unchecked) private var usedBlocks: Int32 = 0

    /// - Parameters:
    ///   - blockCount: 1 ... 2^31 - 1.
    ///   - blockBytes: 4 at least, a multiple of 4.
    public init(blockCount: Int, blockBytes: Int) {
        precondition(blockCount > 0 && blockCount < Int(Int32.max), "blockCount: \(blockCount)")
        precondition(blockBytes >= 4 && blockBytes % 4 == 0, "blockBytes: \(blockBytes)")
        (self.blockCount, self.blockBytes) = (blockCount, blockBytes)
        unsafe memory = UnsafeMutableRawPointer.allocate(
            byteCount: blockCount * blockBytes, alignment: RingStorage.lineBytes
        ).bindMemory(to: UInt8.self, capacity: blockCount * blockBytes)
    }

    deinit { unsafe UnsafeMutableRawPointer(memory).deallocate() }

    /// - Returns: a block, whose bytes may be anything; nil when none is left.
    public func take() -> Int32? {
        var block = unsafe firstFree
        if block >= 0 {
            unsafe firstFree = UnsafeRawPointer(start(of: block)).load(as: Int32.self)
        } else {
            guard unsafe Int(usedBlocks) < blockCount else { return nil }
            block = unsafe usedBlocks
            unsafe usedBlocks += 1
        }
        unsafe takenBlocks += 1
        return block
    }

    /// - Parameter block: one that was taken, and that nobody reads any more.
    public func give(_ block: Int32) {
        unsafe UnsafeMutableRawPointer(start(of: block)).storeBytes(of: firstFree, as: Int32.self)
        unsafe firstFree = block
        unsafe takenBlocks -= 1
    }

    /// Copies all of `bytes` into `block` at `offset`.
    public func write(_ bytes: borrowing Span<UInt8>, to block: Int32, at offset: Int) {
        precondition(offset >= 0 && offset + bytes.count <= blockBytes, "offset: \(offset)")
        unsafe (start(of: block) + offset).copy(bytes)
    }

    /// Fills all of `room` from `block` at `offset`.
    public func read(_ block: Int32, at offset: Int, into room: inout MutableSpan<UInt8>) {
        precondition(offset >= 0 && offset + room.count <= blockBytes, "offset: \(offset)")
        unsafe room.copy(from: start(of: block) + offset)
    }

    private func start(of block: Int32) -> UnsafeMutablePointer<UInt8> {
        unsafe precondition(block >= 0 && block < usedBlocks, "block: \(block)")
        return unsafe memory + Int(block) * blockBytes
    }
}
