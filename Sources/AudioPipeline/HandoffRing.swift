import Synchronization

/// A bounded queue of anything that can change threads, moved in by one writer and out by one reader.
///
/// For what must leave a shard (turn events to the store, audio files to the recorder). Push and pop allocate nothing
/// themselves; what the elements own is created and freed by those who make and take them. Elements still inside when
/// both ends are gone are destroyed.
@frozen
public struct HandoffRing<Element: Sendable>: ~Copyable {
    public var writer: HandoffWriter<Element>
    public var reader: HandoffReader<Element>

    /// - Parameter capacity: elements it can hold, at least; rounded up to a power of two.
    public init(capacity: Int) {
        let capacity = ringCapacity(atLeast: capacity)
        let slots = HandoffSlots<Element>(capacity: capacity)
        writer = HandoffWriter(slots)
        reader = HandoffReader(slots)
    }
}

/// Slots that hold an element only between its push and its pop.
@usableFromInline
@safe
final class HandoffSlots<Element: Sendable>: @unchecked Sendable {  // A slot belongs to one end at a time.
    let indices: RingStorage
    let capacity: Int
    @usableFromInline let slots: UnsafeMutablePointer<Element>

    init(capacity: Int) {
        indices = RingStorage(slotBytes: 0)
        self.capacity = capacity
        unsafe slots = .allocate(capacity: capacity)
    }

    deinit {
        // The last end is gone, and its release of us ordered every access before this.
        let end = unsafe indices.writeIndex.pointee.load(ordering: .acquiring)
        var index = unsafe indices.readIndex.pointee.load(ordering: .acquiring)
        while index < end {
            unsafe (slots + (index & (capacity - 1))).deinitialize(count: 1)
            index += 1
        }
        unsafe slots.deallocate()
    }
}

/// The end of a `HandoffRing` that elements go into. One thread at a time.
@safe
public struct HandoffWriter<Element: Sendable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: WriteCursor
    @usableFromInline let owner: HandoffSlots<Element>

    init(_ owner: HandoffSlots<Element>) {
        cursor = WriteCursor(owner.indices, capacity: owner.capacity)
        self.owner = owner
    }

    /// - Returns: nil when the element was taken; the element itself when the ring is full (counted as refused), so
    ///   that the caller decides what becomes of it.
    @inlinable @discardableResult public mutating func push(_ element: consuming Element) -> Element? {
        guard cursor.reserve(1) else { return element }
        unsafe (owner.slots + (cursor.index & (cursor.capacity - 1))).initialize(to: element)
        cursor.publish(1)
        return nil
    }

    @inlinable public var count: Int { cursor.used }
    @inlinable public var capacity: Int { cursor.capacity }
    @inlinable public var isFull: Bool { cursor.used >= cursor.capacity }
    /// Elements refused since the ring was made.
    @inlinable public var refusedCount: Int { cursor.refused }
}

/// The end of a `HandoffRing` that elements come out of. One thread at a time.
@safe
public struct HandoffReader<Element: Sendable>: ~Copyable, @unchecked Sendable {
    // Sendable: it owns its index, and a slot belongs to one end at a time.
    @usableFromInline var cursor: ReadCursor
    @usableFromInline let owner: HandoffSlots<Element>

    init(_ owner: HandoffSlots<Element>) {
        cursor = ReadCursor(owner.indices, capacity: owner.capacity)
        self.owner = owner
    }

    /// The oldest element, moved out; nil when there is none.
    @inlinable public mutating func pop() -> Element? {
        guard cursor.available(1) else { return nil }
        let element = unsafe (owner.slots + (cursor.index & (cursor.capacity - 1))).move()
        cursor.release(1)
        return element
    }

    @inlinable public var count: Int { cursor.used }
    @inlinable public var capacity: Int { cursor.capacity }
    /// Elements the writer found no room for.
    @inlinable public var refusedCount: Int { cursor.refused }
}
