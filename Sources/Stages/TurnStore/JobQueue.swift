import GRDB

/// Leased jobs. Synchronous: any thread but a loop's. Times are Unix milliseconds and come from the caller.
public struct JobQueue: Sendable {
    let access: StoreAccess

    /// - Returns: false when there is a job of that kind and key already, in whatever state.
    @discardableResult public func enqueue(_ job: NewJob) throws(StoreError) -> Bool {
        try access.write { try Self.write(job, to: $0) }
    }

    @discardableResult public func enqueue(
        kind: Job.Kind, key: String, call: String?, payload: String = "{}", notBefore: Int64? = nil, at: Int64
    ) throws(StoreError) -> Bool {
        try enqueue(NewJob(kind: kind, key: key, call: call, payload: payload, notBefore: notBefore, at: at))
    }

    /// The oldest job that is due, or whose lease has run out, leased to `worker` by one atomic update.
    /// - Parameters:
    ///   - worker: names the lease; unique among the workers that share the file.
    ///   - lease: milliseconds, above 0.
    public func claim(
        kinds: [Job.Kind] = Job.Kind.allCases, worker: String, lease: Int64, at: Int64
    ) throws(StoreError) -> Job? {
        guard !kinds.isEmpty else { return nil }
        return try access.write { database in
            try Row.fetchOne(
                database, sql: Self.claimStatement(kinds),
                arguments: ["worker": worker, "until": at + max(1, lease), "at": at]
            ).flatMap(Self.job)
        }
    }

    /// Ends the lease and writes the results, all or nothing.
    /// - Returns: false, with nothing written, when the lease is no longer this one.
    @discardableResult public func complete(
        _ job: Job, at: Int64, with results: [JobResult] = []
    ) throws(StoreError) -> Bool {
        try access.write { database in
            guard try Self.end(job, "state = 'done', last_error = NULL", ["at": at], in: database) else { return false }
            for result in results { try Self.write(result, to: database) }
            return true
        }
    }

    /// Gives the job back: it may be leased again from `retryAt` on.
    /// - Parameter error: one line without personal data, for operators.
    /// - Returns: false when the lease is no longer this one.
    @discardableResult public func fail(
        _ job: Job, retryAt: Int64, error: String, at: Int64
    ) throws(StoreError) -> Bool {
        try access.write { database in
            try Self.end(
                job, "state = 'queued', not_before_ms = :retry, last_error = :error",
                ["at": at, "retry": retryAt, "error": error], in: database)
        }
    }

    /// Gives it up for good: the dead letter. What follows from that is written with it, all or nothing.
    @discardableResult public func bury(
        _ job: Job, error: String, at: Int64, with results: [JobResult] = []
    ) throws(StoreError) -> Bool {
        try access.write { database in
            let change = "state = 'dead', last_error = :error"
            guard try Self.end(job, change, ["at": at, "error": error], in: database) else { return false }
            for result in results { try Self.write(result, to: database) }
            return true
        }
    }

    /// Keeps the lease of a long job alive.
    @discardableResult public func extend(_ job: Job, until: Int64, at: Int64) throws(StoreError) -> Bool {
        try access.write { database in
            try database.execute(
                sql: "UPDATE jobs SET lease_until_ms = :until, changed_ms = :at WHERE \(Self.isOurs)",
                arguments: ["until": until, "at": at] + Self.lease(of: job))
            return database.changesCount > 0
        }
    }

    /// Queues a dead job again, its attempts forgotten.
    @discardableResult public func revive(id: Int64, at: Int64) throws(StoreError) -> Bool {
        try access.write { database in
            try database.execute(
                sql: """
                    UPDATE jobs SET state = 'queued', attempts = 0, not_before_ms = :at, changed_ms = :at, worker = NULL
                    WHERE id = :id AND state = 'dead'
                    """, arguments: ["at": at, "id": id])
            return database.changesCount > 0
        }
    }

    /// Oldest first; every state when nil.
    public func list(state: Job.State? = nil, limit: Int = 100) throws(StoreError) -> [Job] {
        try access.read { try Self.jobs(state: state, call: nil, limit: limit, in: $0) }
    }

    public func job(kind: Job.Kind, key: String) throws(StoreError) -> Job? {
        try access.read { database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM jobs WHERE kind = ? AND key = ?", arguments: [kind.rawValue, key]
            ).flatMap(Self.job)
        }
    }

    /// Oldest first.
    public func of(call: String) throws(StoreError) -> [Job] {
        try access.read { try Self.jobs(state: nil, call: call, limit: .max, in: $0) }
    }

    /// Forgets finished jobs that were last touched before `time`. Asked for again they would be done again.
    /// - Returns: how many.
    @discardableResult public func forgetDone(before time: Int64) throws(StoreError) -> Int {
        try access.write { database in
            try database.execute(sql: "DELETE FROM jobs WHERE state = 'done' AND changed_ms < ?", arguments: [time])
            return database.changesCount
        }
    }

    // MARK: Inside a transaction

    /// The index holds open jobs only: what was ever done costs a claim nothing.
    static func claimStatement(_ kinds: [Job.Kind]) -> String {
        """
        UPDATE jobs SET state = 'leased', worker = :worker, lease_until_ms = :until, attempts = attempts + 1, changed_ms = :at
        WHERE id = (
            SELECT id FROM jobs INDEXED BY jobs_open
            WHERE state IN ('queued', 'leased') AND kind IN (\(kinds.map { "'\($0.rawValue)'" }.joined(separator: ", ")))
                AND (state = 'queued' AND not_before_ms <= :at OR state = 'leased' AND lease_until_ms <= :at)
            ORDER BY not_before_ms, id LIMIT 1)
        RETURNING *
        """
    }

    static func jobs(state: Job.State?, call: String?, limit: Int, in database: Database) throws -> [Job] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM jobs WHERE state = coalesce(:state, state) AND (:call IS NULL OR call = :call)
                ORDER BY id LIMIT :limit
                """, arguments: ["state": state?.rawValue, "call": call, "limit": max(0, limit)]
        ).compactMap(job)
    }

    static func write(_ job: NewJob, to database: Database) throws -> Bool {
        if let call = job.call { try RecordWriting.ensureCall(call, in: database) }
        try RecordWriting.run(
            database,
            """
            INSERT INTO jobs (kind, key, call, payload, state, not_before_ms, created_ms, changed_ms)
            VALUES (?, ?, ?, ?, 'queued', ?, ?, ?) ON CONFLICT (kind, key) DO NOTHING
            """,
            [
                job.kind.rawValue, job.key, job.call, job.payload, job.notBeforeUnixMilliseconds,
                job.createdAtUnixMilliseconds, job.createdAtUnixMilliseconds,
            ])
        return database.changesCount > 0
    }

    /// A call that was erased meanwhile took the job with it, so the lease is gone and nothing comes here.
    private static func write(_ result: JobResult, to database: Database) throws {
        switch result {
        case .artifact(let artifact): try Artifacts.write(artifact, to: database, makingCall: false)
        case .transcript(let transcript): try Transcripts.write(transcript, to: database)
        case .decision(let decision): try Transcripts.write(decision, to: database)
        case .event(let event): _ = try Outbox.write(event, to: database)
        case .job(let job): _ = try write(job, to: database)
        }
    }

    private static let isOurs = "id = :id AND state = 'leased' AND worker = :worker AND attempts = :attempts"

    private static func lease(of job: Job) -> StatementArguments {
        ["id": job.id, "worker": job.worker, "attempts": job.attempts]
    }

    private static func end(
        _ job: Job, _ change: String, _ arguments: StatementArguments, in database: Database
    ) throws -> Bool {
        try database.execute(
            sql: "UPDATE jobs SET \(change), lease_until_ms = NULL, changed_ms = :at WHERE \(isOurs)",
            arguments: arguments + lease(of: job))
        return database.changesCount > 0
    }

    static func job(_ row: Row) -> Job? {
        guard let kind = Job.Kind(rawValue: row["kind"]), let state = Job.State(rawValue: row["state"]) else {
            return nil
        }
        return Job(
            id: row["id"], kind: kind, key: row["key"], call: row["call"], payload: row["payload"], state: state,
            attempts: row["attempts"], notBeforeUnixMilliseconds: row["not_before_ms"],
            leaseUntilUnixMilliseconds: row["lease_until_ms"], worker: row["worker"], lastError: row["last_error"],
            createdAtUnixMilliseconds: row["created_ms"], changedAtUnixMilliseconds: row["changed_ms"])
    }
}
