import Synchronization

/// What became of events for operators. Written by the delivery's threads, read by anybody.
public final class EventCounters: Sendable {
    private let deliveredCount = Atomic<Int>(0)
    private let retriedCount = Atomic<Int>(0)
    private let deadCount = Atomic<Int>(0)
    private let oldest = Atomic<Int64>(0)

    public init() {}

    public var delivered: Int { deliveredCount.load(ordering: .relaxed) }
    /// Attempts that failed and will be repeated.
    public var retried: Int { retriedCount.load(ordering: .relaxed) }
    /// Given up.
    public var dead: Int { deadCount.load(ordering: .relaxed) }
    /// Age of the oldest event that waits; 0 when none does.
    public var oldestWaitingMilliseconds: Int64 { oldest.load(ordering: .relaxed) }

    func addDelivered() { deliveredCount.wrappingAdd(1, ordering: .relaxed) }
    func addRetried() { retriedCount.wrappingAdd(1, ordering: .relaxed) }
    func addDead() { deadCount.wrappingAdd(1, ordering: .relaxed) }
    func setOldest(milliseconds: Int64) { oldest.store(milliseconds, ordering: .relaxed) }
}
