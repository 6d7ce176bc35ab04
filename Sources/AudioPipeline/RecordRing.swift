/// A bounded queue of small fixed-size facts from one writer to one reader, on one thread or two: what a shard has to
/// say without a logger. When it is full the fact is refused and counted.
@frozen
public struct RecordRing<Record: BitwiseCopyable>: ~Copyable {
    public var writer: RecordWriter<Record>
    public var reader: RecordReader<Record>

    /// - Parameter capacity: records it can hold, at least; rounded up to a power of two.
    public init(capacity: Int) {
        let capacity = ringCapacity(atLeast: capacity)
        let storage = RingStorage(slotBytes: capacity * MemoryLayout<Record>.stride)
        writer = RecordWriter(WriteCursor(storage, capacity: capacity))
        reader = RecordReader(ReadCursor(storage, capacity: capacity))
    }
}

/// The end of a `RecordRing` that records go into. One thread at a time.
@safe
public struct RecordWriter<Record: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: WriteCursor
    @usableFromInline let slots: UnsafeMutablePointer<Record>

    init(_ cursor: consuming WriteCursor) {
        unsafe slots = cursor.storage.slots.bindMemory(to: Record.self, capacity: cursor.capacity)
        self.cursor = cursor
    }

    /// - Returns: false when the ring is full; the record is counted as refused.
    @inlinable @discardableResult public mutating func push(_ record: Record) -> Bool {
        guard cursor.reserve(1) else { return false }
        unsafe (slots + (cursor.index & (cursor.capacity - 1))).initialize(to: record)
        cursor.publish(1)
        return true
    }

    @inlinable public var count: Int { cursor.used }
    @inlinable public var capacity: Int { cursor.capacity }
    /// Records refused since the ring was made.
    @inlinable public var refusedCount: Int { cursor.refused }
}

/// The end of a `RecordRing` that records come out of. One thread at a time.
@safe
public struct RecordReader<Record: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: ReadCursor
    @usableFromInline let slots: UnsafeMutablePointer<Record>

    init(_ cursor: consuming ReadCursor) {
        unsafe slots = cursor.storage.slots.bindMemory(to: Record.self, capacity: cursor.capacity)
        self.cursor = cursor
    }

    /// The oldest record; nil when there is none.
    @inlinable public mutating func pop() -> Record? {
        guard cursor.available(1) else { return nil }
        let record = unsafe slots[cursor.index & (cursor.capacity - 1)]
        cursor.release(1)
        return record
    }

    @inlinable public var count: Int { cursor.used }
    @inlinable public var capacity: Int { cursor.capacity }
    /// Records the writer found no room for: facts that nobody will hear of, but for this count. Any thread.
    @inlinable public var refusedCount: Int { cursor.refused }
}
