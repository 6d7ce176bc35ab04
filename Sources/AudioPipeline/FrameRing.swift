/// A bounded queue of whole frames, all of one length, from one writer to one reader, on one thread or two.
///
/// Making it allocates, its ends never do. Take the ends apart with `let writer = ring.writer`,
/// `let reader = ring.reader`, or keep the ring whole and use `ring.writer.push`.
@frozen
public struct FrameRing<Element: BitwiseCopyable>: ~Copyable {
    public var writer: FrameWriter<Element>
    public var reader: FrameReader<Element>

    /// - Parameters:
    ///   - capacityFrames: frames it can hold, at least; rounded up to a power of two.
    ///   - frameLength: elements per frame: 160 for 20 ms at 8 kHz.
    public init(capacityFrames: Int, frameLength: Int) {
        precondition(frameLength > 0, "frameLength: \(frameLength)")
        let capacity = ringCapacity(atLeast: capacityFrames)
        let storage = RingStorage(slotBytes: capacity * frameLength * MemoryLayout<Element>.stride)
        writer = FrameWriter(WriteCursor(storage, capacity: capacity), frameLength: frameLength)
        reader = FrameReader(ReadCursor(storage, capacity: capacity), frameLength: frameLength)
    }
}

/// G.711 code words, one byte a sample.
public typealias MulawFrameRing = FrameRing<UInt8>
public typealias MulawFrameWriter = FrameWriter<UInt8>
public typealias MulawFrameReader = FrameReader<UInt8>
/// Signed 16-bit linear samples.
public typealias PCMFrameRing = FrameRing<Int16>
public typealias PCMFrameWriter = FrameWriter<Int16>
public typealias PCMFrameReader = FrameReader<Int16>

/// The end of a `FrameRing` that frames go into. One thread at a time.
@safe
public struct FrameWriter<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: WriteCursor
    @usableFromInline let slots: UnsafeMutablePointer<Element>
    /// Elements per frame.
    public let frameLength: Int

    init(_ cursor: consuming WriteCursor, frameLength: Int) {
        unsafe slots = cursor.storage.slots.bindMemory(to: Element.self, capacity: cursor.capacity * frameLength)
        self.cursor = cursor
        self.frameLength = frameLength
    }

    /// - Returns: false when the ring is full; the frame is counted as refused.
    /// - Precondition: `frame` holds `frameLength` elements.
    @inlinable public mutating func push(_ frame: borrowing Span<Element>) -> Bool {
        precondition(frame.count == frameLength, "frame.count: \(frame.count), frameLength: \(frameLength)")
        guard cursor.reserve(1) else { return false }
        let slot = unsafe slots + (cursor.index & (cursor.capacity - 1)) * frameLength
        unsafe frame.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { unsafe slot.update(from: base, count: frameLength) }
        }
        cursor.publish(1)
        return true
    }

    /// Frames waiting in the ring.
    @inlinable public var count: Int { cursor.used }
    /// Frames it can hold.
    @inlinable public var capacityFrames: Int { cursor.capacity }
    /// Frames refused since the ring was made.
    @inlinable public var refusedCount: Int { cursor.refused }
}

/// The end of a `FrameRing` that frames come out of. One thread at a time.
@safe
public struct FrameReader<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: ReadCursor
    @usableFromInline let slots: UnsafeMutablePointer<Element>
    /// Elements per frame.
    public let frameLength: Int

    init(_ cursor: consuming ReadCursor, frameLength: Int) {
        unsafe slots = cursor.storage.slots.bindMemory(to: Element.self, capacity: cursor.capacity * frameLength)
        self.cursor = cursor
        self.frameLength = frameLength
    }

    /// Copies the oldest frame out.
    /// - Returns: false when the ring is empty.
    /// - Precondition: `frame` has room for `frameLength` elements.
    @inlinable public mutating func pop(into frame: inout MutableSpan<Element>) -> Bool {
        precondition(frame.count >= frameLength, "frame.count: \(frame.count), frameLength: \(frameLength)")
        guard cursor.available(1) else { return false }
        let slot = unsafe slots + (cursor.index & (cursor.capacity - 1)) * frameLength
        unsafe frame.withUnsafeMutableBufferPointer { target in
            if let base = target.baseAddress { unsafe base.update(from: slot, count: frameLength) }
        }
        cursor.release(1)
        return true
    }

    /// Lets go of up to `limit` frames unread, oldest first, all of them without a limit.
    /// - Returns: how many.
    @inlinable @discardableResult public mutating func discard(_ limit: Int = .max) -> Int {
        let count = min(cursor.refresh(), max(limit, 0))
        cursor.release(count)
        return count
    }

    /// Frames waiting in the ring.
    @inlinable public var count: Int { cursor.used }
    /// Frames it can hold.
    @inlinable public var capacityFrames: Int { cursor.capacity }
    /// Frames the writer found no room for.
    @inlinable public var refusedCount: Int { cursor.refused }
}
