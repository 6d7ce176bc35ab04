public import AudioPipeline
public import Conversation

/// Agent audio of one call between the model and the carrier, in the carrier's format.
///
/// The one way into playout (S08): bytes of items come in as the model sends them, frames go out, each from one item
/// only (S02). Never drops audio to make room: above its quota, or when the pool runs low, it says `isFull` and the
/// model's socket is read more slowly; what is already on its way still fits (R2).
/// Shard thread; allocates nothing unless the pool runs dry.
public struct PlayoutQueue: ~Copyable {
    public let format: AudioFormat
    /// Bytes queued.
    public private(set) var queuedBytes = 0
    /// The model's socket must be read no further. Falls back to false by itself as frames leave.
    public private(set) var isFull = false
    public private(set) var counts = PlayoutCounts()

    private let pool: PlayoutPool
    private let frameBytes: Int
    private let reserveChunks: Int
    private let quotaBytes: Int
    private let resumeBytes: Int
    /// Most bytes kept outside the pool: the largest message, several times over.
    private static let overflowLimit = 4 * 1024 * 1024

    private var heldChunks = 0
    private var head: Int32 = -1
    private var headOffset = 0
    private var tail: Int32 = -1
    private var tailCount = 0

    /// What the chunks hold, in order; a ring.
    private var segments: [Segment]
    private var firstSegment = 0
    private var segmentCount = 0
    /// Items up to this one are over: cleared, or followed by another.
    private var closedThrough = PlayoutItem(ordinal: 0)
    /// The newest item, which may go on even after all of it has been sent.
    private var newest = PlayoutItem(ordinal: 0)
    private var newestHasEnded = false
    private var newestHasPlayed = false

    private var overflow: [UInt8] = []
    private var overflowStart = 0

    private struct Segment {
        var item: PlayoutItem
        var byteCount: Int
        var hasEnded: Bool
        var hasPlayed: Bool
    }

    /// - Parameters:
    ///   - quotaMilliseconds: beyond this much queued audio `isFull` is set; 240 s is the longest response.
    ///   - reserveMilliseconds: this much is kept in the pool for this call alone.
    /// - Returns: nil when the pool cannot keep the reserve: the call must not be accepted.
    public init?(
        pool: PlayoutPool, format: AudioFormat, quotaMilliseconds: Int = 240_000, reserveMilliseconds: Int = 4_000
    ) {
        let reserve = (reserveMilliseconds * format.bytesPerMillisecond + pool.chunkBytes - 1) / pool.chunkBytes + 1
        guard pool.promise(reserve) else { return nil }
        self.pool = pool
        self.format = format
        frameBytes = format.bytesPerFrame
        reserveChunks = reserve
        quotaBytes = quotaMilliseconds * format.bytesPerMillisecond
        resumeBytes = quotaBytes - quotaBytes / 8
        segments = [Segment](
            repeating: Segment(item: PlayoutItem(ordinal: 0), byteCount: 0, hasEnded: false, hasPlayed: false),
            count: 32)
    }

    deinit {
        // Chunks first, then what is left of the promise: together they are the reserve and more.
        var chunk = head
        var held = heldChunks
        while chunk >= 0 {
            let next = pool.link(after: chunk)
            pool.give(chunk, isPromised: held <= reserveChunks)
            held -= 1
            chunk = next
        }
        pool.withdraw(reserveChunks)
    }

    // MARK: In

    /// Queues `bytes` of `item`. A new item ends the one before it.
    public mutating func append(_ item: PlayoutItem, _ bytes: Span<UInt8>) -> PlayoutAppend {
        guard item > closedThrough, item >= newest, waitingOutsidePool + bytes.count <= Self.overflowLimit else {
            counts.refused += Int64(bytes.count)
            return PlayoutAppend(acceptedBytes: 0, isFull: isFull)
        }
        open(item)
        let last = index(ofSegment: segmentCount - 1)
        segments[last].byteCount += bytes.count
        queuedBytes += bytes.count
        counts.received += Int64(bytes.count)
        let stored = waitingOutsidePool == 0 ? store(bytes) : 0
        if stored < bytes.count { keepOutsidePool(bytes.extracting(stored..<bytes.count)) }
        updateFullness()
        return PlayoutAppend(acceptedBytes: bytes.count, isFull: isFull)
    }

    /// `item` has got all its audio: its last frame may go out, filled up with silence. Unknown items are ignored.
    public mutating func endItem(_ item: PlayoutItem) {
        if item == newest { newestHasEnded = true }
        for position in 0..<segmentCount {
            let index = index(ofSegment: position)
            if segments[index].item == item { segments[index].hasEnded = true }
        }
    }

    /// Makes sure that the last segment is `item`'s.
    private mutating func open(_ item: PlayoutItem) {
        if segmentCount > 0 {
            let last = index(ofSegment: segmentCount - 1)
            if segments[last].item == item { return }
            segments[last].hasEnded = true
        }
        if item > newest {
            closedThrough = newest
            newest = item
            (newestHasEnded, newestHasPlayed) = (false, false)
        }
        if segmentCount == segments.count { growSegments() }
        segmentCount += 1
        segments[index(ofSegment: segmentCount - 1)] = Segment(
            item: item, byteCount: 0, hasEnded: newestHasEnded, hasPlayed: newestHasPlayed)
    }

    @inline(never)
    private mutating func growSegments() {
        var larger: [Segment] = []
        larger.reserveCapacity(segments.count * 2)
        for position in 0..<segmentCount { larger.append(segments[index(ofSegment: position)]) }
        larger += [Segment](repeating: larger[0], count: segments.count)
        segments = larger
        firstSegment = 0
    }

    @inline(__always)
    private func index(ofSegment position: Int) -> Int {
        let index = firstSegment + position
        return index < segments.count ? index : index - segments.count
    }

    /// Puts as much as the pool allows into chunks; returns how much that was.
    private mutating func store(_ bytes: Span<UInt8>) -> Int {
        var stored = 0
        while stored < bytes.count {
            if tail < 0 || tailCount == pool.chunkBytes {
                let chunk = pool.take(isPromised: heldChunks < reserveChunks)
                guard chunk >= 0 else { return stored }
                heldChunks += 1
                if tail >= 0 { pool.setLink(after: tail, to: chunk) } else { head = chunk }
                tail = chunk
                tailCount = 0
            }
            let count = min(bytes.count - stored, pool.chunkBytes - tailCount)
            pool.write(bytes.extracting(stored..<stored + count), to: tail, at: tailCount)
            tailCount += count
            stored += count
        }
        return stored
    }

    // MARK: Out

    /// Writes the next frame to `frame`, whose length is the format's `bytesPerFrame`.
    public mutating func popFrame(into frame: inout MutableSpan<UInt8>) -> PlayoutPop {
        precondition(frame.count == frameBytes, "frame.count: \(frame.count)")
        guard segmentCount > 0 else { return .empty }
        let segment = segments[firstSegment]
        if segment.byteCount < frameBytes {
            guard segment.hasEnded else { return .waiting(segment.item) }
            guard segment.byteCount > 0 else {
                removeFirstSegment()
                return .ended(segment.item)
            }
        }
        let count = min(segment.byteCount, frameBytes)
        read(count, into: &frame)
        for position in count..<frameBytes { frame[position] = format.silenceByte }
        queuedBytes -= count
        counts.played += Int64(count)
        counts.padded += Int64(frameBytes - count)
        let isLast = segment.hasEnded && segment.byteCount == count
        if segment.item == newest { newestHasPlayed = true }
        if isLast {
            removeFirstSegment()
        } else {
            segments[firstSegment].byteCount -= count
            segments[firstSegment].hasPlayed = true
        }
        if waitingOutsidePool > 0 { refill() }
        if isFull { updateFullness() }
        return .frame(
            PlayoutFrame(item: segment.item, audioBytes: count, isFirst: !segment.hasPlayed, isLast: isLast))
    }

    /// What `popFrame` would answer, without taking anything: is there a frame, and of which item?
    public var next: PlayoutPop {
        guard segmentCount > 0 else { return .empty }
        let segment = segments[firstSegment]
        let count = min(segment.byteCount, frameBytes)
        if count < frameBytes {
            guard segment.hasEnded else { return .waiting(segment.item) }
            guard count > 0 else { return .ended(segment.item) }
        }
        return .frame(
            PlayoutFrame(
                item: segment.item, audioBytes: count, isFirst: !segment.hasPlayed,
                isLast: segment.hasEnded && segment.byteCount == count))
    }

    private mutating func removeFirstSegment() {
        firstSegment = index(ofSegment: 1)
        segmentCount -= 1
    }

    private mutating func read(_ count: Int, into frame: inout MutableSpan<UInt8>) {
        var done = 0
        while done < count {
            let filled = head == tail ? tailCount : pool.chunkBytes
            let step = min(count - done, filled - headOffset)
            pool.read(head, from: headOffset, count: step, into: &frame, at: done)
            headOffset += step
            done += step
            if headOffset == filled { freeHead() }
        }
    }

    private mutating func freeHead() {
        let chunk = head
        head = pool.link(after: chunk)
        headOffset = 0
        if head < 0 { (tail, tailCount) = (-1, 0) }
        pool.give(chunk, isPromised: heldChunks <= reserveChunks)
        heldChunks -= 1
    }

    // MARK: Clear

    /// Drops all that is queued and closes its items: nothing of them is taken any more (R6).
    ///
    /// - Parameter dropped: called per item, oldest first, with the bytes that will not be heard.
    /// - Returns: bytes dropped in all.
    @discardableResult
    public mutating func clear(_ dropped: (PlayoutItem, Int) -> Void = { _, _ in }) -> Int {
        let total = queuedBytes
        for position in 0..<segmentCount {
            let segment = segments[index(ofSegment: position)]
            dropped(segment.item, segment.byteCount)
        }
        while head >= 0 { freeHead() }
        (firstSegment, segmentCount, queuedBytes) = (0, 0, 0)
        (overflow, overflowStart) = ([], 0)
        closedThrough = newest
        counts.cleared += Int64(total)
        updateFullness()
        return total
    }

    // MARK: Fullness

    private mutating func updateFullness() {
        let beyondReserve = heldChunks > reserveChunks
        if isFull {
            isFull = queuedBytes > resumeBytes || waitingOutsidePool > 0 || beyondReserve && pool.isLow
        } else if queuedBytes >= quotaBytes || waitingOutsidePool > 0 || beyondReserve && pool.isLow {
            isFull = true
            counts.fullTimes += 1
        }
    }

    // MARK: Overflow, when the whole pool is taken

    private var waitingOutsidePool: Int { overflow.count - overflowStart }

    @inline(never)
    private mutating func keepOutsidePool(_ bytes: Span<UInt8>) {
        counts.overflowed += Int64(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { unsafe overflow.append(contentsOf: $0) }
    }

    @inline(never)
    private mutating func refill() {
        let waiting = overflow
        overflowStart += store(waiting.span.extracting(overflowStart..<waiting.count))
        if overflowStart == overflow.count { (overflow, overflowStart) = ([], 0) }
    }
}
