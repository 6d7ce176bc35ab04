import AudioPipeline
import Dispatch
import Foundation
import GRDB
import Synchronization

/// The one thread that writes the database. It takes what the producers left, in groups, and commits each group at once.
///
/// A group waits at most `groupMilliseconds` for company; a record somebody waits for ends that wait. When commits fail
/// for `spillMilliseconds`, or `spillRecords` wait, everything that waits goes to the spool file. Where that has no room
/// memory keeps up to `spoolCapacity`; then the producers' own rings fill up and refuse. What is in the file is older than
/// what is in memory, and goes first.
final class StoreWriter: @unchecked Sendable {
    // Sendable: `spool`, `file` and their times belong to the writer thread, all else is immutable, atomic or behind the lock.

    /// A record and who waits for it.
    private struct Pending {
        var record: StoreRecord
        var then: (@Sendable (AppendOutcome) -> Void)?
        /// DispatchTime nanoseconds at which the waiting stops.
        var deadline: UInt64
    }

    private struct Shared {
        var outlets = [StoreOutlet]()
        var durable = [Pending]()
        var failure: String?
        var isClosing = false
        var isClosed = false
    }

    /// What the writer thread is doing, as far as a producer must know.
    private enum Phase {
        static let busy = 0, parked = 1, grouping = 2
    }

    let counters = StoreCounters()
    private let handle: StoreHandle
    private let options: TurnStoreOptions
    private let shared = Guarded(Shared())
    private let phase = Atomic<Int>(Phase.busy)
    private let signal = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    private var spool = [Pending]()
    private let file: SpoolFile?
    /// DispatchTime nanoseconds of the first failure since the last commit.
    private var failingSince: UInt64?
    private var isSpilling = false
    private var tookFromFile = 0

    private static let threadName = "turn-store"
    /// Longest transaction, in records: a database that comes back after a while must not be locked for long.
    private static let maximumGroup = 2_048

    init(handle: StoreHandle, file: SpoolFile?, options: TurnStoreOptions) {
        (self.handle, self.file, self.options) = (handle, file, options)
        isSpilling = file?.isEmpty == false
        count(file)
    }

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = Self.threadName
        thread.start()
    }

    /// Any thread. Stops taking records, writes what is there, waits for the thread to end.
    func close() {
        let first = shared.withLock { shared in
            defer { shared.isClosing = true }
            return !shared.isClosing
        }
        guard first else { return }
        wake(urgently: true)
        // A callback may have held the last reference to the store: the writer cannot wait for itself.
        if Thread.current.name != Self.threadName { finished.wait() }
    }

    var failure: String? { shared.withLock { $0.failure } }
    var isClosed: Bool { shared.withLock { $0.isClosed } }

    func add(_ outlet: StoreOutlet) { shared.withLock { $0.outlets.append(outlet) } }

    /// Any thread but one inside a tick: it takes a lock, held by the writer only to swap two arrays.
    func append(_ record: StoreRecord, then: @escaping @Sendable (AppendOutcome) -> Void) {
        let deadline = DispatchTime.now().uptimeNanoseconds + UInt64(options.durableMilliseconds) * 1_000_000
        let taken = shared.withLock { shared in
            guard !shared.isClosing, shared.durable.count < options.inletCapacity else { return false }
            shared.durable.append(Pending(record: record, then: then, deadline: deadline))
            return true
        }
        if taken {
            wake(urgently: true)
        } else {
            counters.refused.wrappingAdd(1, ordering: .relaxed)
            then(.refused)
        }
    }

    /// Any thread. One atomic exchange unless the writer sleeps.
    func wake(urgently: Bool = false) {
        // A fence on both sides between own store and own load: either the writer sees the record, or we see it parked.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        let seen = phase.load(ordering: .relaxed)
        guard seen == Phase.parked || urgently && seen == Phase.grouping else { return }
        if phase.compareExchange(expected: seen, desired: Phase.busy, ordering: .relaxed).exchanged {
            signal.signal()
        }
    }

    // MARK: Writer thread

    private func run() {
        var givenUpAt: UInt64?
        var backOffMilliseconds = 10
        while true {
            takeRecords()
            let isClosing = shared.withLock { $0.isClosing }
            if isClosing, givenUpAt == nil {
                givenUpAt = DispatchTime.now().uptimeNanoseconds + UInt64(options.closeMilliseconds) * 1_000_000
            }
            guard !spool.isEmpty || file?.isEmpty == false else {
                if isClosing { break }
                waitForRecords()
                continue
            }
            if commit() {
                backOffMilliseconds = 10
                failingSince = nil
                continue
            }
            spillIfDue()
            if let givenUpAt, DispatchTime.now().uptimeNanoseconds > givenUpAt { break }
            expire()
            Thread.sleep(forTimeInterval: Double(backOffMilliseconds) / 1_000)
            backOffMilliseconds = min(backOffMilliseconds * 2, options.maximumBackOffMilliseconds)
        }
        shutDown()
    }

    /// Sleeps until there is a record, then a little longer for company unless somebody waits.
    private func waitForRecords() {
        phase.store(Phase.parked, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if !hasRecords { signal.wait() }
        phase.store(Phase.grouping, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if !shared.withLock({ !$0.durable.isEmpty || $0.isClosing }) {
            _ = signal.wait(timeout: .now() + .milliseconds(options.groupMilliseconds))
        }
        phase.store(Phase.busy, ordering: .relaxed)
    }

    private var hasRecords: Bool {
        shared.withLock { shared in
            shared.isClosing || !shared.durable.isEmpty
                || shared.outlets.contains { $0.records.count > 0 || $0.isAbandoned.load(ordering: .acquiring) }
        }
    }

    private func takeRecords() {
        let outlets = shared.withLock { shared in
            if spool.count < options.spoolCapacity {
                spool.append(contentsOf: shared.durable)
                shared.durable.removeAll(keepingCapacity: true)
            }
            return shared.outlets
        }
        for outlet in outlets {
            // Read before draining: what was pushed before the producer left is seen below.
            let isAbandoned = outlet.isAbandoned.load(ordering: .acquiring)
            while spool.count < options.spoolCapacity, let record = outlet.records.pop() {
                spool.append(Pending(record: record, then: nil, deadline: .max))
            }
            if isAbandoned, outlet.records.count == 0 {
                shared.withLock { $0.outlets.removeAll { $0 === outlet } }
            }
        }
        counters.waiting.store(spool.count, ordering: .relaxed)
    }

    /// Failures that pass by themselves, a lock of another process for one, never touch the file.
    private func spillIfDue() {
        let now = DispatchTime.now().uptimeNanoseconds
        let since = failingSince ?? now
        failingSince = since
        if isSpilling || spool.count >= options.spillRecords
            || now - since >= UInt64(options.spillMilliseconds) * 1_000_000
        {
            spill()
        }
    }

    /// Moves what waits in memory to the file, as far as that has room.
    private func spill() {
        guard let file else { return }
        while !spool.isEmpty {
            let group = spool.prefix(Self.maximumGroup)
            guard file.append(group.lazy.map(\.record)) else { break }
            if !isSpilling {
                isSpilling = true
                options.notice?(.spilling(reason: failure ?? "the store is being closed"))
            }
            for pending in group { pending.then?(.spooled) }
            spool.removeFirst(group.count)
        }
        counters.waiting.store(spool.count, ordering: .relaxed)
        count(file)
    }

    private func count(_ file: SpoolFile?) {
        counters.spooled.store(file?.count ?? 0, ordering: .relaxed)
        counters.spooledBytes.store(file?.waitingBytes ?? 0, ordering: .relaxed)
    }

    /// One transaction over the oldest records. On success they leave the spool and their callers hear of it.
    private func commit() -> Bool {
        let batch = file.flatMap { $0.isEmpty ? nil : $0.next(Self.maximumGroup) }
        let group =
            batch.map { batch in batch.records.map { Pending(record: $0, then: nil, deadline: .max) }[...] }
            ?? spool.prefix(Self.maximumGroup)
        let progress = batch.flatMap { batch in file.map { (spool: $0.identity, bytes: batch.end) } }
        let started = DispatchTime.now().uptimeNanoseconds
        var outcomes = [AppendOutcome]()
        outcomes.reserveCapacity(group.count)
        do {
            if handle.isMoved {
                let isRestored = try handle.reopen()
                counters.reopened.wrappingAdd(1, ordering: .relaxed)
                options.notice?(.reopened(restored: isRestored))
            }
            do {
                try write(group, progress, into: &outcomes, tolerantly: false)
            } catch let error as DatabaseError where Self.isPermanent(error) {
                outcomes.removeAll(keepingCapacity: true)
                try write(group, progress, into: &outcomes, tolerantly: true)
            }
        } catch {
            counters.retries.wrappingAdd(1, ordering: .relaxed)
            let reason = Self.describe(error)
            shared.withLock { $0.failure = reason }
            return false
        }
        shared.withLock { $0.failure = nil }
        let microseconds = Int((DispatchTime.now().uptimeNanoseconds - started) / 1_000)
        counters.lastCommitMicroseconds.store(microseconds, ordering: .relaxed)
        counters.commits.wrappingAdd(1, ordering: .relaxed)
        counters.committed.wrappingAdd(outcomes.count { $0 != .refused }, ordering: .relaxed)
        for (pending, outcome) in zip(group, outcomes) { pending.then?(outcome) }
        if let file, let batch {
            counters.rejected.wrappingAdd(batch.unknown, ordering: .relaxed)
            file.take(batch)
            tookFromFile += batch.count
            count(file)
        } else {
            spool.removeFirst(group.count)
        }
        if isSpilling, file?.isEmpty != false {
            options.notice?(.recovered(fromFile: tookFromFile))
            (isSpilling, tookFromFile) = (false, 0)
        }
        counters.waiting.store(spool.count, ordering: .relaxed)
        return true
    }

    /// - Parameter tolerantly: a record the database refuses for good is left out and counted, and the others go in.
    private func write(
        _ group: ArraySlice<Pending>, _ progress: (spool: Int64, bytes: Int)?, into outcomes: inout [AppendOutcome],
        tolerantly: Bool
    ) throws {
        try handle.database.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                for pending in group {
                    var result = (isNew: false, statusChanged: false)
                    do {
                        if tolerantly {
                            try database.inSavepoint {
                                result = try RecordWriting.apply(pending.record, to: database)
                                return .commit
                            }
                        } else {
                            result = try RecordWriting.apply(pending.record, to: database)
                        }
                        outcomes.append(.committed(isNew: result.isNew, statusChanged: result.statusChanged))
                    } catch let error as DatabaseError where tolerantly && Self.isPermanent(error) {
                        counters.rejected.wrappingAdd(1, ordering: .relaxed)
                        outcomes.append(.refused)
                    }
                }
                if let progress { try SpoolProgress.write(progress.spool, progress.bytes, to: database) }
                return .commit
            }
        }
    }

    /// Lets go of callers who have waited long enough. Their records stay.
    private func expire() {
        let now = DispatchTime.now().uptimeNanoseconds
        for index in spool.indices where spool[index].deadline <= now {
            spool[index].then?(.spooled)
            spool[index].then = nil
            spool[index].deadline = .max
        }
    }

    private func shutDown() {
        // Given up: what was not written is left for the next start.
        if !spool.isEmpty { spill() }
        let rest = shared.withLock { shared in
            shared.isClosed = true
            defer { shared.durable.removeAll() }
            return shared.durable
        }
        for pending in spool + rest { pending.then?(.refused) }
        counters.refused.wrappingAdd(spool.count + rest.count, ordering: .relaxed)
        spool.removeAll()
        // Empties the log into the file, so that the file alone is whole. GRDB closes the writer before the readers, and
        // then SQLite does not do it by itself. Another process that reads may prevent it, and nothing is lost then.
        _ = try? handle.database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? handle.database.close()
        file?.release()
        finished.signal()
    }

    /// Would fail again however often it is tried.
    private static func isPermanent(_ error: DatabaseError) -> Bool {
        switch error.resultCode {
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_RANGE, .SQLITE_ERROR: true
        default: false
        }
    }

    static func describe(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? error.resultCode.description
    }
}
