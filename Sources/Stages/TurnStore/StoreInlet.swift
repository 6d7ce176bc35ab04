import AudioPipeline
import Synchronization

/// One producer thread's way into the store. It never waits: a full inlet refuses, and that is counted.
///
/// A shard makes one when it starts and keeps it; dropping it lets go of the ring once the writer has emptied it.
public struct StoreInlet: ~Copyable, Sendable {
    private var records: HandoffWriter<StoreRecord>
    private let outlet: StoreOutlet
    private let writer: StoreWriter

    /// The ring's other end is in `outlet`.
    init(records: consuming HandoffWriter<StoreRecord>, outlet: StoreOutlet, writer: StoreWriter) {
        (self.outlet, self.writer) = (outlet, writer)
        self.records = records
    }

    deinit {
        outlet.isAbandoned.store(true, ordering: .releasing)
        writer.wake()
    }

    /// The owning thread. No lock; at most one futex wake when the writer sleeps.
    /// - Returns: false when the ring is full, because the database cannot be written and the spool has no room left.
    @discardableResult public mutating func push(_ record: consuming StoreRecord) -> Bool {
        guard records.push(record) == nil else {
            writer.counters.refused.wrappingAdd(1, ordering: .relaxed)
            return false
        }
        writer.wake()
        return true
    }
}

/// The writer's end of one inlet.
final class StoreOutlet: @unchecked Sendable {  // `records` belongs to the writer thread, the flag is atomic.
    var records: HandoffReader<StoreRecord>
    /// The producer is gone; what is left is drained and the ring forgotten.
    let isAbandoned = Atomic<Bool>(false)

    init(records: consuming HandoffReader<StoreRecord>) { self.records = records }
}
