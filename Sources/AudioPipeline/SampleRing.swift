/// A bounded queue of samples from one writer to one reader, on one thread or two.
///
/// Making it allocates, its ends never do. Take the ends apart with `let ring = SampleRing<Int16>(capacity: 960)`,
/// `let writer = ring.writer`, `let reader = ring.reader`, or keep the ring whole and use `ring.writer.push`.
@frozen
public struct SampleRing<Element: BitwiseCopyable>: ~Copyable {
    public var writer: SampleWriter<Element>
    public var reader: SampleReader<Element>

    /// - Parameter capacity: samples it can hold, at least; rounded up to a power of two.
    public init(capacity: Int) {
        let capacity = ringCapacity(atLeast: capacity)
        let storage = RingStorage(slotBytes: capacity * MemoryLayout<Element>.stride)
        writer = SampleWriter(WriteCursor(storage, capacity: capacity))
        reader = SampleReader(ReadCursor(storage, capacity: capacity))
    }
}

/// The end of a `SampleRing` that samples go into. One thread at a time.
@safe
public struct SampleWriter<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: WriteCursor
    @usableFromInline let slots: UnsafeMutablePointer<Element>

    init(_ cursor: consuming WriteCursor) {
        unsafe slots = cursor.storage.slots.bindMemory(to: Element.self, capacity: cursor.capacity)
        self.cursor = cursor
    }

    /// Takes all of `samples` or none.
    /// - Returns: false when there is no room for all of them; they are counted as refused.
    @inlinable public mutating func push(_ samples: borrowing Span<Element>) -> Bool {
        let count = samples.count
        guard cursor.reserve(count) else { return false }
        let start = cursor.index & (cursor.capacity - 1)
        let first = min(count, cursor.capacity - start)
        unsafe samples.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            unsafe (slots + start).update(from: base, count: first)
            unsafe slots.update(from: base + first, count: count - first)
        }
        cursor.publish(count)
        return true
    }

    /// Samples waiting in the ring.
    @inlinable public var count: Int { cursor.used }
    /// Samples it can hold.
    @inlinable public var capacity: Int { cursor.capacity }
    /// Samples refused since the ring was made.
    @inlinable public var refusedCount: Int { cursor.refused }
}

/// The end of a `SampleRing` that samples come out of. One thread at a time.
@safe
public struct SampleReader<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: ReadCursor
    @usableFromInline let slots: UnsafeMutablePointer<Element>

    init(_ cursor: consuming ReadCursor) {
        unsafe slots = cursor.storage.slots.bindMemory(to: Element.self, capacity: cursor.capacity)
        self.cursor = cursor
    }

    /// Fills all of `samples` or leaves them as they are.
    /// - Returns: false when there are too few.
    @inlinable public mutating func pop(into samples: inout MutableSpan<Element>) -> Bool {
        let count = samples.count
        guard cursor.available(count) else { return false }
        copy(count, into: &samples)
        cursor.release(count)
        return true
    }

    /// Takes what there is, up to the length of `samples`.
    /// - Returns: samples written, from the start of the span.
    @inlinable public mutating func popAvailable(into samples: inout MutableSpan<Element>) -> Int {
        let count = min(cursor.refresh(), samples.count)
        copy(count, into: &samples)
        cursor.release(count)
        return count
    }

    /// Lets go of up to `limit` samples unread, all of them without one.
    /// - Returns: how many.
    @inlinable @discardableResult public mutating func discard(_ limit: Int = .max) -> Int {
        let count = min(cursor.refresh(), max(limit, 0))
        cursor.release(count)
        return count
    }

    /// Samples waiting in the ring.
    @inlinable public var count: Int { cursor.used }
    /// Samples it can hold.
    @inlinable public var capacity: Int { cursor.capacity }
    /// Samples the writer found no room for.
    @inlinable public var refusedCount: Int { cursor.refused }

    @inlinable func copy(_ count: Int, into samples: inout MutableSpan<Element>) {
        let start = cursor.index & (cursor.capacity - 1)
        let first = min(count, cursor.capacity - start)
        unsafe samples.withUnsafeMutableBufferPointer { target in
            guard let base = target.baseAddress else { return }
            unsafe base.update(from: slots + start, count: first)
            unsafe (base + first).update(from: slots, count: count - first)
        }
    }
}
