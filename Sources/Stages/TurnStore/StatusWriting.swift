import GRDB

/// The only code that touches `carrier_events` and `call_status`. Runs inside the writer's transaction.
///
/// A status follows from what is in the inbox, and from nothing else: what the service itself has seen (the stream is up,
/// the conversation is over) goes through the inbox like a carrier's word, from `CarrierEvent.ownAccount`.
enum StatusWriting {
    /// - Returns: whether the event was new, and whether a status changed.
    static func receive(
        _ event: CarrierEvent, _ change: StatusChange?, in database: Database
    ) throws -> (isNew: Bool, statusChanged: Bool) {
        guard try keep(event, in: database) else { return (false, false) }
        guard let change else { return (true, false) }
        let owner = try String.fetchOne(
            database.cachedStatement(sql: "SELECT tenant FROM calls WHERE id = ?"), arguments: [event.call])
        // A row that nobody filled in yet belongs to nobody.
        guard let owner, !owner.isEmpty, !change.tenants.contains(owner) else {
            return (true, try move(event, to: change.to, duration: change.durationSeconds, in: database))
        }
        return (true, false)
    }

    /// Media flows: somebody answered, also where no webhook says so.
    static func streamStarted(_ call: String, _ stream: String, at milliseconds: Int64, in database: Database) throws {
        let event = CarrierEvent(
            account: CarrierEvent.ownAccount, call: call, kind: "media-started",
            receivedAtUnixMilliseconds: milliseconds, fields: [.init("stream", stream)])
        guard try keep(event, in: database) else { return }
        _ = try move(event, to: .inProgress, duration: nil, in: database)
    }

    /// The conversation is over. An inbound call has ended with it: the carrier may have no address to say so. Of an
    /// outbound call the carrier always says how it ended, and only it knows.
    static func conversationEnded(_ end: CallEnd, in database: Database) throws {
        let event = CarrierEvent(
            account: CarrierEvent.ownAccount, call: end.call, kind: "conversation-ended",
            receivedAtUnixMilliseconds: end.endedAtUnixMilliseconds, fields: [.init("reason", end.reason)])
        guard try keep(event, in: database) else { return }
        let direction = try String.fetchOne(
            database.cachedStatement(sql: "SELECT direction FROM calls WHERE id = ?"), arguments: [end.call])
        guard direction == "inbound" else { return }
        _ = try move(event, to: .completed, duration: nil, in: database)
    }

    /// The inbox: append-only, and the same account, call, kind and sequence is the same event.
    private static func keep(_ event: CarrierEvent, in database: Database) throws -> Bool {
        try RecordWriting.run(
            database,
            """
            INSERT INTO carrier_events (account, call, kind, sequence, received_ms, fields) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [
                event.account, event.call, event.kind, event.sequence, event.receivedAtUnixMilliseconds,
                try RecordWriting.json(event.fields.map { [$0.name, $0.value] }),
            ])
        return database.changesCount > 0
    }

    /// Compare-and-set in one statement: no row, or one whose status is a source of the new one.
    private static func move(
        _ event: CarrierEvent, to status: CallStatus, duration: Int64?, in database: Database
    ) throws -> Bool {
        let sources = status.sources.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        try RecordWriting.run(
            database,
            """
            INSERT INTO call_status (call, status, sequence, changed_ms) VALUES (?, ?, ?, ?)
            ON CONFLICT (call) DO UPDATE SET status = excluded.status, sequence = excluded.sequence,
                changed_ms = excluded.changed_ms
            WHERE status IN (\(sources))
            """,
            [event.call, status.rawValue, event.sequence, event.receivedAtUnixMilliseconds])
        let isMoved = database.changesCount > 0
        if let duration, duration >= 0, status == .completed {
            // Also when the call was known to be over: our own observation has no duration.
            try RecordWriting.run(
                database,
                """
                UPDATE call_status SET duration_s = ?
                WHERE call = ? AND status = 'completed' AND duration_s IS NULL
                """, [duration, event.call])
        }
        return isMoved
    }

    /// A leg's row: the parent's tenant, if it may be said by this account.
    static func write(_ leg: CallLeg, to database: Database) throws -> Bool {
        guard leg.call != leg.parent,
            let tenant = try String.fetchOne(
                database.cachedStatement(sql: "SELECT tenant FROM calls WHERE id = ?"), arguments: [leg.parent]),
            leg.tenants.contains(tenant)
        else { return false }
        try RecordWriting.write(
            CallStart(
                call: leg.call, tenant: tenant, direction: leg.direction, from: leg.from, to: leg.to,
                startedAtUnixMilliseconds: leg.atUnixMilliseconds, parent: leg.parent), to: database)
        return true
    }
}
