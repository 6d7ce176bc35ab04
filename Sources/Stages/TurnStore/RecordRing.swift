import Synchronization

/// Records from one producer thread to the writer. Bounded; a full ring refuses.
@safe
final class RecordRing: @unchecked Sendable {
    // Sendable: `slots[i]` belongs to the producer from `head + capacity` on, to the writer from `tail` on back to
    // `head`; each position is published with release and read with acquire.
    private let slots: UnsafeMutablePointer<StoreRecord>
    private let capacity: Int
    /// Next record to take. Writer thread writes.
    private let head = Atomic<Int>(0)
    /// Next free slot. Producer thread writes.
    private let tail = Atomic<Int>(0)
    /// The producer is gone; what is left is drained and the ring forgotten.
    let isAbandoned = Atomic<Bool>(false)

    /// - Parameter capacity: a power of two.
    init(capacity: Int) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0, "capacity: \(capacity)")
        self.capacity = capacity
        unsafe slots = .allocate(capacity: capacity)
    }

    deinit {
        for position in head.load(ordering: .acquiring)..<tail.load(ordering: .acquiring) {
            unsafe (slots + (position & (capacity - 1))).deinitialize(count: 1)
        }
        unsafe slots.deallocate()
    }

    /// Producer thread.
    func push(_ record: consuming StoreRecord) -> Bool {
        let position = tail.load(ordering: .relaxed)
        guard position - head.load(ordering: .acquiring) < capacity else { return false }
        unsafe (slots + (position & (capacity - 1))).initialize(to: record)
        tail.store(position + 1, ordering: .releasing)
        return true
    }

    /// Writer thread.
    func pop() -> StoreRecord? {
        let position = head.load(ordering: .relaxed)
        guard position < tail.load(ordering: .acquiring) else { return nil }
        let record = unsafe (slots + (position & (capacity - 1))).move()
        head.store(position + 1, ordering: .releasing)
        return record
    }

    var isEmpty: Bool { head.load(ordering: .acquiring) == tail.load(ordering: .acquiring) }
}
