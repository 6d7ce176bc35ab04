import GRDB

/// The table of requests for outbound calls: who asks twice gets one call, also across a restart. Synchronous: any thread
/// but a loop's. Times are Unix milliseconds and come from the caller.
public struct CallRequests: Sendable {
    /// A key is remembered this long: a day.
    public static let memoryMilliseconds: Int64 = 86_400_000

    let access: StoreAccess

    /// Looks and writes in one transaction: of two that ask at once, one is `new`.
    public func begin(
        _ request: CallRequest, _ limits: CallRequestLimits
    ) throws(StoreError) -> CallRequestVerdict {
        let now = request.madeAtUnixMilliseconds
        return try access.write { database in
            try database.execute(
                sql: "DELETE FROM call_requests WHERE made_ms < ?", arguments: [now - Self.memoryMilliseconds])
            if let known = try Self.first("key = ?", [request.tenant, request.key], in: database) {
                return known.bodyDigest == request.bodyDigest ? .repeated(known) : .keyReused
            }
            if let known = try Self.first(
                "number_digest = ? AND made_ms > ? AND state <> 'refused'",
                [request.tenant, request.numberDigest, now - limits.sameNumberMilliseconds], in: database)
            {
                return .sameNumber(known)
            }
            let recent = try Int64.fetchAll(
                database,
                sql: """
                    SELECT made_ms FROM call_requests WHERE tenant = ? AND made_ms > ? ORDER BY made_ms DESC LIMIT ?
                    """, arguments: [request.tenant, now - 60_000, limits.perMinute])
            if recent.count >= limits.perMinute, let oldest = recent.last {
                return .tooMany(waitMilliseconds: max(1, oldest + 60_000 - now))
            }
            try database.execute(
                sql: """
                    INSERT INTO call_requests (id, tenant, key, body_digest, number_digest, state, made_ms)
                    VALUES (?, ?, ?, ?, ?, 'dialling', ?)
                    """,
                arguments: [
                    request.id, request.tenant, request.key, request.bodyDigest, request.numberDigest, now,
                ])
            return .new
        }
    }

    /// What became of it, and what was answered.
    public func finish(
        _ id: String, _ state: CallRequest.State, call: String?, httpStatus: Int, answer: String
    ) throws(StoreError) {
        try access.write { database in
            try database.execute(
                sql: """
                    UPDATE call_requests SET state = ?, call = coalesce(?, call), http_status = ?, answer = ?
                    WHERE id = ? AND NOT (state = 'made' AND ? <> 'made')
                    """, arguments: [state.rawValue, call, httpStatus, answer, id, state.rawValue])
        }
    }

    /// Nothing was done for it and nothing will be: the key may be used again.
    public func forget(_ id: String) throws(StoreError) {
        try access.write { try $0.execute(sql: "DELETE FROM call_requests WHERE id = ?", arguments: [id]) }
    }

    public func request(_ id: String) throws(StoreError) -> CallRequest? {
        try access.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM call_requests WHERE id = ?", arguments: [id])
                .flatMap(Self.request)
        }
    }

    /// The newest of a tenant (the first argument) that `condition` holds for.
    private static func first(
        _ condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> CallRequest? {
        try Row.fetchOne(
            database,
            sql: "SELECT * FROM call_requests WHERE tenant = ? AND \(condition) ORDER BY made_ms DESC LIMIT 1",
            arguments: arguments
        ).flatMap(request)
    }

    private static func request(_ row: Row) -> CallRequest? {
        guard let state = CallRequest.State(rawValue: row["state"]) else { return nil }
        var request = CallRequest(
            id: row["id"], tenant: row["tenant"], key: row["key"], bodyDigest: row["body_digest"],
            numberDigest: row["number_digest"], at: row["made_ms"])
        (request.state, request.call) = (state, row["call"])
        (request.httpStatus, request.answer) = (row["http_status"], row["answer"])
        return request
    }
}
