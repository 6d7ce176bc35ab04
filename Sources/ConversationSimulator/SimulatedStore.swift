import Conversation

/// A store behind a bounded spool, as the service has one: it may stall, and a write may fail and is then tried again.
struct SimulatedStore {
    /// Facts that may wait; more are refused and counted.
    static let spoolCapacity = 256
    /// From one write to the next.
    static let commitMilliseconds: Int64 = 50

    private(set) var waiting = 0
    private(set) var written = 0
    private(set) var told = 0
    private(set) var refused = 0
    private(set) var mostWaiting = 0
    private var stalledUntil: Int64 = 0
    private var failuresLeft = 0
    private var lastCommitAt: Int64 = 0

    mutating func tell(at now: Int64) {
        work(at: now)
        told += 1
        if waiting == Self.spoolCapacity { refused += 1 } else { waiting += 1 }
        mostWaiting = max(mostWaiting, waiting)
    }

    mutating func stall(_ milliseconds: Int64, at now: Int64) {
        work(at: now)
        stalledUntil = max(stalledUntil, now + milliseconds)
    }

    mutating func fail(times: Int64, at now: Int64) {
        work(at: now)
        failuresLeft += Int(times)
    }

    /// Writes what was due by `now`: all that waits, in one group.
    mutating func work(at now: Int64) {
        var commitAt = max(lastCommitAt + Self.commitMilliseconds, stalledUntil)
        while failuresLeft > 0, commitAt <= now, waiting > 0 {
            failuresLeft -= 1
            commitAt += Self.commitMilliseconds
        }
        guard commitAt <= now else { return }
        written += waiting
        waiting = 0
        lastCommitAt = now
    }

    /// Every fact is written, waits, or was refused and counted.
    var isBalanced: Bool { told == written + waiting + refused && waiting <= Self.spoolCapacity }
}
