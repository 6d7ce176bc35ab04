import Synchronization

/// How the store is doing, for readiness and metrics.
public struct StoreHealth: Sendable, Equatable {
    public enum State: Sendable, Equatable {
        case ready
        /// The database cannot be written; `reason` is SQLite's, in one line. Records wait in memory.
        case retrying(reason: String)
        /// The file was removed or replaced under us: writes go to a file nobody can open any more.
        case fileReplaced
        case closed
    }
    public var state: State
    /// Records taken from their producers and not yet committed.
    public var waiting: Int
    public var spoolCapacity: Int
    /// Records committed since the store was opened.
    public var committed: Int
    public var commits: Int
    /// Records turned away because there was no room.
    public var refused: Int
    /// Records that the database will never take; a bug of ours, but never a reason to hold up the others.
    public var rejected: Int
    /// Commits that failed and were tried again.
    public var retries: Int
    public var lastCommitMicroseconds: Int
}

/// Written by the writer thread, except `refused`, which any producer adds to.
final class StoreCounters: Sendable {
    let waiting = Atomic<Int>(0)
    let committed = Atomic<Int>(0)
    let commits = Atomic<Int>(0)
    let refused = Atomic<Int>(0)
    let rejected = Atomic<Int>(0)
    let retries = Atomic<Int>(0)
    let lastCommitMicroseconds = Atomic<Int>(0)
}
