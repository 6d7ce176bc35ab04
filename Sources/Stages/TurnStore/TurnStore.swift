import AudioPipeline
import Foundation
import GRDB
import Synchronization

/// Sizes and times of a store.
public struct TurnStoreOptions: Sendable {
    /// Records one producer thread may leave behind before the writer takes them.
    public var inletCapacity = 4_096
    /// Records kept in memory while neither the database nor the spool file can be written.
    public var spoolCapacity = 65_536
    /// Where the spool file lies; nil: beside the database, as its path with `-spool`.
    public var spoolPath: String?
    /// The most the spool file may hold.
    public var maximumSpoolBytes = 256 << 20
    /// What is asked of the file system beforehand, for the day the disk is full.
    public var reservedSpoolBytes = 4 << 20
    /// Commits have failed for this long, or this many records wait: then they go to the spool file.
    public var spillMilliseconds = 250
    public var spillRecords = 4_096
    /// Writer thread; must not block.
    public var notice: (@Sendable (StoreNotice) -> Void)?
    /// A record waits this long for others to share its commit.
    public var groupMilliseconds = 10
    /// `appendDurably` answers `.spooled` after this long without a commit.
    public var durableMilliseconds = 2_000
    public var maximumBackOffMilliseconds = 250
    /// `close` tries this long to write what is left.
    public var closeMilliseconds = 5_000
    /// One attempt waits this long for another process's lock.
    public var busyMilliseconds = 200

    public init() {}
}

/// The service's memory: calls, turns and carrier events in one SQLite file.
///
/// Write-ahead logging with `synchronous=FULL`: what was committed survives a kill and a power cut. One thread writes, in
/// group commits; readers, here or in another process, never wait for it.
public final class TurnStore: Sendable {
    public let path: String
    private let handle: StoreHandle
    private let writer: StoreWriter
    private let options: TurnStoreOptions
    private let hasGivenStatusWriter = Atomic<Bool>(false)

    /// Opens the file, or makes it, and brings its tables up to date.
    /// - Throws: a `StoreError` of one line.
    public init(path: String, options: TurnStoreOptions = .init()) throws(StoreError) {
        self.path = path
        self.options = options
        handle = try StoreHandle(path: path, options: options)
        let file = SpoolFile(
            path: options.spoolPath ?? Self.spoolPath(of: path), maximumBytes: options.maximumSpoolBytes,
            reservedBytes: options.reservedSpoolBytes)
        if let file {
            let database = handle.database
            file.resume { identity in try? database.read { try SpoolProgress.bytes(of: identity, in: $0) } }
            if file.tornBytes > 0 { options.notice?(.torn(bytes: file.tornBytes)) }
        } else {
            options.notice?(.noSpoolFile)
        }
        writer = StoreWriter(handle: handle, file: file, options: options)
        writer.start()
    }

    deinit { writer.close() }

    /// Where the spool file of a database lies unless told otherwise.
    public static func spoolPath(of path: String) -> String { path + "-spool" }

    /// Opens an existing file for reading only: while a service writes it, or afterwards.
    public static func openReadOnly(_ path: String) throws(StoreError) -> TurnStoreReader {
        let database = try OpeningStore.readOnly(path)
        return TurnStoreReader(path: path) { database }
    }

    /// Any thread, once per producer thread.
    public func makeInlet() -> StoreInlet {
        let ring = HandoffRing<StoreRecord>(capacity: options.inletCapacity)
        let outlet = StoreOutlet(records: ring.reader)
        writer.add(outlet)
        return StoreInlet(records: ring.writer, outlet: outlet, writer: writer)
    }

    /// Any thread but one inside a tick. `then` runs on the writer thread after the commit, or when the deadline has
    /// passed, or at once when there is no room; exactly once, and it must not block.
    public func appendDurably(_ record: StoreRecord, then: @escaping @Sendable (AppendOutcome) -> Void) {
        writer.append(record, then: then)
    }

    /// Any thread, at no cost: whether new calls may be taken. More than half of the spool is free.
    public var hasRoom: Bool {
        !writer.isClosed && writer.counters.waiting.load(ordering: .relaxed) * 2 < options.spoolCapacity
    }

    /// Any thread. Looks at the file's name too, so not for a tick.
    public var health: StoreHealth {
        let counters = writer.counters
        let state: StoreHealth.State =
            if writer.isClosed {
                .closed
            } else if let reason = writer.failure {
                .retrying(reason: reason)
            } else if handle.isMoved {
                .fileReplaced
            } else {
                .ready
            }
        return StoreHealth(
            state: state, inMemory: counters.waiting.load(ordering: .relaxed),
            spooled: counters.spooled.load(ordering: .relaxed),
            spooledBytes: counters.spooledBytes.load(ordering: .relaxed), spoolCapacity: options.spoolCapacity,
            committed: counters.committed.load(ordering: .relaxed), commits: counters.commits.load(ordering: .relaxed),
            refused: counters.refused.load(ordering: .relaxed), rejected: counters.rejected.load(ordering: .relaxed),
            retries: counters.retries.load(ordering: .relaxed),
            lastCommitMicroseconds: counters.lastCommitMicroseconds.load(ordering: .relaxed),
            reopened: counters.reopened.load(ordering: .relaxed))
    }

    /// Any thread. Writes what has been handed over, then closes the file; what comes later is refused.
    public func close() { writer.close() }

    /// Reads while the store is open.
    public var reader: TurnStoreReader { TurnStoreReader(path: path) { [handle] in handle.database } }

    // The tables beside the conversation's. Synchronous, on the writer's connection: never on a loop thread.
    public var jobs: JobQueue { JobQueue(access: access) }
    public var outbox: Outbox { Outbox(access: access) }
    public var artifacts: Artifacts { Artifacts(access: access) }
    public var facts: OnceFacts { OnceFacts(access: access) }
    public var transcripts: Transcripts { Transcripts(access: access) }
    public var callRequests: CallRequests { CallRequests(access: access) }

    private var access: StoreAccess { StoreAccess(handle: handle) }

    /// The one right to say what a call's status is; nil when somebody has it already.
    public func takeStatusWriter() -> CallStatusWriter? {
        hasGivenStatusWriter.exchange(true, ordering: .relaxed) ? nil : CallStatusWriter(store: writer)
    }

    /// Newest first. See `TurnStoreReader`.
    public func calls(limit: Int = 50, offset: Int = 0, tenant: String? = nil) throws(StoreError) -> [StoredCall] {
        try reader.calls(limit: limit, offset: offset, tenant: tenant)
    }

    /// One call with its turns; nil when there is none of that id.
    public func call(_ id: String) throws(StoreError) -> StoredCall? { try reader.call(id) }

    /// - Returns: whether nothing is left in the log.
    func emptyLog() -> Bool {
        let result = try? handle.database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        return result?.walFrameCount == 0
    }

    /// Writes the whole file anew, without what was freed.
    func vacuum() throws { try handle.database.writeWithoutTransaction { try $0.execute(sql: "VACUUM") } }

    /// `PRAGMA synchronous` and `PRAGMA journal_mode` as the writer's connection has them.
    func writerPragmas() throws -> (synchronous: Int?, journalMode: String?) {
        try handle.database.writeWithoutTransaction { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                try String.fetchOne(database, sql: "PRAGMA journal_mode")
            )
        }
    }

    /// `PRAGMA max_page_count` of the writer's connection: how a test fills the disk.
    func limitPages(to count: Int) throws {
        try handle.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(count)") }
    }
}
