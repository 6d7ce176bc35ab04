import Synchronization

/// What became of recordings that were asked for. Any thread adds, telemetry reads.
public final class RecordingCounters: Sendable {
    public enum Name: String, Sendable, CaseIterable {
        /// Fetched and on disk.
        case downloaded
        /// Got what somebody else was fetching, in this process.
        case joined
        /// Was there already, or another process had fetched it.
        case present
        /// Requests beyond a fetch's first, and those of them that went on where the last one broke off.
        case retried, resumed
        /// A failure so short ago that nobody was asked.
        case cooling
        /// Given up.
        case buried
    }

    private final class Count: Sendable { let value = Atomic<Int>(0) }
    private let counts = Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0, Count()) })
    private let failures = Dictionary(uniqueKeysWithValues: RecordingFailure.allCases.map { ($0, Count()) })

    public init() {}

    func add(_ name: Name) { counts[name]?.value.wrappingAdd(1, ordering: .relaxed) }
    func add(_ failure: RecordingFailure) { failures[failure]?.value.wrappingAdd(1, ordering: .relaxed) }

    public subscript(name: Name) -> Int { counts[name]?.value.load(ordering: .relaxed) ?? 0 }
    /// Requests that failed, by kind.
    public subscript(failure: RecordingFailure) -> Int { failures[failure]?.value.load(ordering: .relaxed) ?? 0 }
}
