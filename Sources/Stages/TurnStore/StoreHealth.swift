import Synchronization

/// How the store is doing, for readiness and metrics.
public struct StoreHealth: Sendable, Equatable {
    public enum State: Sendable, Equatable {
        case ready
        /// The database cannot be written; `reason` is SQLite's, in one line. Records wait in memory.
        case retrying(reason: String)
        /// The file was removed or replaced under us: with the next record it is opened again, or written anew.
        case fileReplaced
        case closed
    }
    public var state: State
    /// Records taken from their producers and not yet committed, in memory and in the spool file.
    public var waiting: Int { inMemory + spooled }
    public var inMemory: Int
    /// Records in the spool file, and their bytes.
    public var spooled: Int
    public var spooledBytes: Int
    /// The most that memory keeps.
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
    /// How often the file was gone or another one, and was made or opened again.
    public var reopened: Int

    /// New calls may be taken: more than half of memory's part is free, which fills when the spool file has no room.
    public var hasRoom: Bool { state != .closed && inMemory * 2 < spoolCapacity }

    /// What an operator should hear, one line; nil while all is well.
    public var complaint: String? {
        switch state {
        case .ready: hasRoom ? nil : "the turn store is behind: \(waiting) records wait"
        case .retrying(let reason): "the turn store cannot be written: \(reason); \(waiting) records wait"
        case .fileReplaced: "the turn store's file was deleted or replaced; the next record makes or opens it again"
        case .closed: "the turn store is closed"
        }
    }
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
    let spooled = Atomic<Int>(0)
    let spooledBytes = Atomic<Int>(0)
    let reopened = Atomic<Int>(0)
}
