import AudioPipeline

/// The caller's newest audio on its way to the model: what waits to go, up to 5.1 s, and behind it as much of what has
/// gone as another session may want to hear once more. Whole frames, in blocks that are lent from the shard's pool.
///
/// ```
/// oldest kept ◄── gone ──► next ◄── waits ──► newest
/// ```
struct UplinkHistory: ~Copyable {
    /// 5.1 s: a session that is not ready misses nothing of a caller's first words (S14).
    static let capacityFrames = 256
    static let frameSamples = 160
    /// 160 ms.
    static let blockFrames = 8
    /// A call's most: what is kept may begin inside the oldest block and end inside the newest.
    static let mostBlocks = capacityFrames / blockFrames + 1
    /// Of what has gone, kept while nobody is in the middle of saying anything: 1 s.
    static let shortestFrames = 50

    private let pool: BlockPool
    /// The block of frame n is at n / `blockFrames`, modulo its size.
    private var blocks = InlineArray<33, Int32>(repeating: -1)
    // Frames since the call began: the oldest kept, one past the newest, the next to go, and the first that has never gone.
    private var oldest = 0
    private var kept = 0
    private var next = 0
    private var fresh = 0
    private var keptAtLimit = 0

    /// Room for `calls` histories, all of them full.
    static func pool(calls: Int) -> BlockPool {
        BlockPool(blockCount: calls * mostBlocks, blockBytes: blockFrames * frameSamples)
    }

    /// - Parameter pool: `pool(calls:)` with this call among the calls.
    init(pool: BlockPool) { self.pool = pool }

    deinit {
        var block = oldest / Self.blockFrames
        while block * Self.blockFrames < kept {
            pool.give(blocks[block % Self.mostBlocks])
            block += 1
        }
    }

    /// Frames that wait, those that are to go once more included.
    var waiting: Int { kept - next }
    /// Of those, frames that have never gone.
    var waitingFresh: Int { kept - fresh }
    /// Blocks held.
    var heldBlocks: Int {
        (kept + Self.blockFrames - 1) / Self.blockFrames - oldest / Self.blockFrames
    }
    /// A block more than when `limitGone` was asked last: time to say again what need not be kept any more.
    var mayForget: Bool { kept - keptAtLimit >= Self.blockFrames }

    /// Lays one frame by.
    /// - Returns: false when a frame was let go: the oldest that waited, or this one where the pool has no block left.
    mutating func keep(_ frame: borrowing Span<UInt8>) -> Bool {
        forget(before: kept + 1 - Self.capacityFrames)
        let slot = kept / Self.blockFrames % Self.mostBlocks
        if kept % Self.blockFrames == 0 {
            // There is one as long as no call outlives its place on the shard by much.
            guard let block = pool.take() else { return false }
            blocks[slot] = block
        }
        pool.write(frame, to: blocks[slot], at: kept % Self.blockFrames * Self.frameSamples)
        kept += 1
        guard next < oldest else { return true }
        next = oldest
        guard next > fresh else { return true }
        fresh = next
        return false
    }

    /// Of what has gone, no more than the newest `frames` are wanted again, `shortestFrames` at least.
    mutating func limitGone(to frames: Int) {
        keptAtLimit = kept
        forget(before: min(next, fresh - max(Self.shortestFrames, frames)))
    }

    /// Gives the blocks back that hold nothing but older frames.
    private mutating func forget(before frame: Int) {
        guard frame > oldest else { return }
        var block = oldest / Self.blockFrames
        oldest = frame
        while block < frame / Self.blockFrames {
            pool.give(blocks[block % Self.mostBlocks])
            block += 1
        }
    }

    /// The newest that has gone is to go once more, `frames` of it or as many as are kept.
    mutating func rewind(frames: Int) { next = max(oldest, fresh - max(0, frames)) }

    /// Takes the next frame out.
    /// - Returns: whether it goes for the first time; nil when none waits.
    mutating func take(into frame: inout MutableSpan<UInt8>) -> Bool? {
        guard next < kept else { return nil }
        pool.read(
            blocks[next / Self.blockFrames % Self.mostBlocks], at: next % Self.blockFrames * Self.frameSamples,
            into: &frame)
        next += 1
        guard next > fresh else { return false }
        fresh = next
        return true
    }

    /// Lets go of all that waits.
    /// - Returns: frames among them that have never gone.
    mutating func discard() -> Int {
        let count = waitingFresh
        (next, fresh) = (kept, kept)
        return count
    }
}
