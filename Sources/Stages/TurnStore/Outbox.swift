import GRDB

/// Events for the operators' webhooks, each kept until it was delivered or given up. One deliverer; anybody may add.
/// Synchronous: any thread but a loop's (there, push the `StoreRecord`). Times are Unix milliseconds.
public struct Outbox: Sendable {
    let access: StoreAccess

    /// - Returns: false when an event with that key is there already.
    @discardableResult public func add(_ event: OutgoingEvent) throws(StoreError) -> Bool {
        try access.write { try Self.write(event, to: $0) }
    }

    /// Waiting events whose time has come, oldest first.
    public func due(limit: Int = 100, at: Int64) throws(StoreError) -> [OutboxEntry] {
        try access.read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT * FROM outbox WHERE state = 'waiting' AND next_ms <= ? ORDER BY id LIMIT ?",
                arguments: [at, max(0, limit)]
            ).compactMap(Self.entry)
        }
    }

    /// Waiting events whose time has come and before which no other event of their call waits: what may be sent now
    /// without anything being told out of order. Oldest first.
    /// - Parameter busy: tenants whose events are left out.
    public func deliverable(limit: Int = 100, without busy: [String] = [], at: Int64) throws(StoreError)
        -> [OutboxEntry]
    {
        try access.read { database in
            let names = busy.map { _ in "?" }.joined(separator: ", ")
            return try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM outbox AS event WHERE state = 'waiting' AND next_ms <= ? AND tenant NOT IN (\(names))
                        AND NOT EXISTS (
                            SELECT 1 FROM outbox AS earlier
                            WHERE earlier.call = event.call AND earlier.id < event.id AND earlier.state = 'waiting')
                    ORDER BY id LIMIT ?
                    """, arguments: StatementArguments([at] + busy + [max(0, limit)] as [any DatabaseValueConvertible])
            ).compactMap(Self.entry)
        }
    }

    /// When the oldest waiting event was added; nil when none waits.
    public func oldestWaiting() throws(StoreError) -> Int64? {
        try access.read { try Int64.fetchOne($0, sql: "SELECT min(created_ms) FROM outbox WHERE state = 'waiting'") }
    }

    /// A dead event waits again, its attempts forgotten. The age after which it is given up counts from now.
    /// - Returns: false when there is no dead event of that number.
    @discardableResult public func retry(id: Int64, at: Int64) throws(StoreError) -> Bool {
        try access.write { try Self.retry(id, at: at, in: $0) }
    }

    /// The same, in a file that another process may have open: for a command line.
    public static func retry(id: Int64, inFile path: String, at: Int64) throws(StoreError) -> Bool {
        var options = TurnStoreOptions()
        options.busyMilliseconds = 5_000
        let database = try OpeningStore.readWrite(path, options: options)
        do { return try database.write { try retry(id, at: at, in: $0) } } catch {
            throw StoreError(.cannotWrite, "turn store \(path): cannot be written: \(StoreWriter.describe(error))")
        }
    }

    private static func retry(_ id: Int64, at: Int64, in database: Database) throws -> Bool {
        try database.execute(
            sql: """
                UPDATE outbox SET state = 'waiting', attempts = 0, next_ms = :at, created_ms = :at, changed_ms = :at
                WHERE id = :id AND state = 'dead'
                """, arguments: ["at": at, "id": id])
        return database.changesCount > 0
    }

    /// When the next waiting event is due; nil when none waits.
    public func nextDue() throws(StoreError) -> Int64? {
        try access.read { try Int64.fetchOne($0, sql: "SELECT min(next_ms) FROM outbox WHERE state = 'waiting'") }
    }

    /// - Returns: false when it no longer waits.
    @discardableResult public func delivered(id: Int64, at: Int64) throws(StoreError) -> Bool {
        try change(id, "state = 'delivered', last_error = NULL", ["at": at])
    }

    /// - Parameter error: one line without personal data, for operators.
    @discardableResult public func failed(id: Int64, retryAt: Int64, error: String, at: Int64) throws(StoreError)
        -> Bool
    {
        try change(
            id, "attempts = attempts + 1, next_ms = :retry, last_error = :error",
            ["at": at, "retry": retryAt, "error": error])
    }

    /// Gives it up for good: the dead letter.
    @discardableResult public func bury(id: Int64, error: String, at: Int64) throws(StoreError) -> Bool {
        try change(
            id, "attempts = attempts + 1, state = 'dead', last_error = :error", ["at": at, "error": error])
    }

    /// Oldest first; every state when nil.
    public func list(state: OutboxEntry.State? = nil, limit: Int = 100) throws(StoreError) -> [OutboxEntry] {
        try access.read { try Self.entries(state: state, limit: limit, in: $0) }
    }

    static func entries(
        state: OutboxEntry.State?, limit: Int, newestFirst: Bool = false, in database: Database
    ) throws -> [OutboxEntry] {
        try Row.fetchAll(
            database,
            sql:
                "SELECT * FROM outbox WHERE state = coalesce(?, state) ORDER BY id \(newestFirst ? "DESC" : "") LIMIT ?",
            arguments: [state?.rawValue, max(0, limit)]
        ).compactMap(entry)
    }

    /// Forgets delivered events that were last touched before `time`.
    /// - Returns: how many.
    @discardableResult public func forgetDelivered(before time: Int64) throws(StoreError) -> Int {
        try access.write { database in
            try database.execute(
                sql: "DELETE FROM outbox WHERE state = 'delivered' AND changed_ms < ?", arguments: [time])
            return database.changesCount
        }
    }

    static func write(_ event: OutgoingEvent, to database: Database) throws -> Bool {
        if let call = event.call { try RecordWriting.ensureCall(call, in: database) }
        try RecordWriting.run(
            database,
            """
            INSERT INTO outbox (call, tenant, event, key, body, state, next_ms, created_ms, changed_ms)
            VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, ?) ON CONFLICT (key) DO NOTHING
            """,
            [
                event.call, event.tenant, event.kind.rawValue, event.key, event.body, event.createdAtUnixMilliseconds,
                event.createdAtUnixMilliseconds, event.createdAtUnixMilliseconds,
            ])
        return database.changesCount > 0
    }

    private func change(_ id: Int64, _ change: String, _ arguments: StatementArguments) throws(StoreError) -> Bool {
        try access.write { database in
            try database.execute(
                sql: "UPDATE outbox SET \(change), changed_ms = :at WHERE id = :id AND state = 'waiting'",
                arguments: arguments + ["id": id])
            return database.changesCount > 0
        }
    }

    private static func entry(_ row: Row) -> OutboxEntry? {
        guard let kind = OutgoingEvent.Kind(rawValue: row["event"]),
            let state = OutboxEntry.State(rawValue: row["state"])
        else { return nil }
        return OutboxEntry(
            id: row["id"],
            event: OutgoingEvent(
                call: row["call"], tenant: row["tenant"], kind: kind, key: row["key"], body: row["body"],
                at: row["created_ms"]),
            state: state, attempts: row["attempts"], nextUnixMilliseconds: row["next_ms"],
            lastError: row["last_error"], changedAtUnixMilliseconds: row["changed_ms"])
    }
}
