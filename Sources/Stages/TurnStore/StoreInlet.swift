import Synchronization

/// One producer thread's way into the store. It never waits: a full inlet refuses, and that is counted.
///
/// A shard makes one when it starts and keeps it; dropping it lets go of the ring once the writer has emptied it.
public struct StoreInlet: ~Copyable, Sendable {
    private let ring: RecordRing
    private let writer: StoreWriter

    init(ring: RecordRing, writer: StoreWriter) { (self.ring, self.writer) = (ring, writer) }

    deinit {
        ring.isAbandoned.store(true, ordering: .releasing)
        writer.wake()
    }

    /// The owning thread. No lock; at most one futex wake when the writer sleeps.
    /// - Returns: false when the ring is full, because the database cannot be written and the spool has no room left.
    @discardableResult public mutating func push(_ record: consuming StoreRecord) -> Bool {
        guard ring.push(record) else {
            writer.counters.refused.wrappingAdd(1, ordering: .relaxed)
            return false
        }
        writer.wake()
        return true
    }
}
