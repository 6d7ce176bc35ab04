import Synchronization
public import VAD

/// What became of one plug-in, over all calls. Any thread raises and reads: these are rare, and none of a steady tick's.
public final class PlugInCounters: Sendable {
    /// What a plug-in did that it should not, as its supervisor saw it.
    public enum Event: String, CaseIterable, Sendable {
        /// Its process or server could not be had, or did not introduce itself in time.
        case notStarted
        /// It ended, or closed its connection.
        case ended
        /// It had audio to answer for, and answered nothing for two seconds.
        case silent
        /// It sent what is no answer.
        case wrong
        /// It grew over the memory it may have.
        case leaking
        /// It was started again.
        case restarted
        /// Audio was let go because it had fallen behind.
        case skipped
    }

    /// A number that several threads raise.
    private final class SharedCount: Sendable { let value = Atomic<UInt64>(0) }
    private let events: [Event: SharedCount]
    private let faults: [DetectorFault: SharedCount]

    public init() {
        events = Dictionary(uniqueKeysWithValues: Event.allCases.map { ($0, SharedCount()) })
        faults = Dictionary(uniqueKeysWithValues: DetectorFault.allCases.map { ($0, SharedCount()) })
    }

    public subscript(event: Event) -> UInt64 { events[event]?.value.load(ordering: .relaxed) ?? 0 }
    /// How often a call went on with the fallback for this reason.
    public subscript(fault: DetectorFault) -> UInt64 { faults[fault]?.value.load(ordering: .relaxed) ?? 0 }

    public func add(_ event: Event) { _ = events[event]?.value.wrappingAdd(1, ordering: .relaxed) }
    public func add(_ fault: DetectorFault) { _ = faults[fault]?.value.wrappingAdd(1, ordering: .relaxed) }
}
