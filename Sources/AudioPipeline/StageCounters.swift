/// What became of the frames a stage was given, and how long it took over them. Written by the stage's one thread, read
/// by any; stages of several calls on one shard share it.
public final class StageCounters: Sendable {
    /// As it is shown: `decode`, `resample`.
    public let name: String
    public let produced = Counter()
    public let starved = Counter()
    public let dropped = Counter()
    public let time = LatencyHistogram()

    public init(name: String) { self.name = name }

    /// The writer's thread only.
    @inlinable public func record(_ outcome: StageOutcome) {
        switch outcome {
        case .produced: produced.add()
        case .starved: starved.add()
        case .dropped: dropped.add()
        }
    }

    /// The writer's thread only: an outcome and what it took.
    @inlinable public func record(_ outcome: StageOutcome, nanoseconds: UInt64) {
        record(outcome)
        time.record(nanoseconds: nanoseconds)
    }
}
