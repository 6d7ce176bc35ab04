import GRDB

/// The tables beside the conversation's, also for those who only read the file.
extension TurnStoreReader {
    public func artifacts(of call: String, kind: Artifact.Kind? = nil) throws(StoreError) -> [Artifact] {
        try read { try Artifacts.artifacts(of: call, kind: kind, in: $0) }
    }

    /// What happened once, and when in Unix milliseconds.
    public func facts(of call: String) throws(StoreError) -> [OnceFact: Int64] {
        try read { try OnceFacts.facts(of: call, in: $0) }
    }

    /// What the offline pass heard, the caller's channel first.
    public func transcripts(of call: String) throws(StoreError) -> [OfflineTranscript] {
        try read { try Transcripts.transcripts(of: call, in: $0) }
    }

    /// Nil while nothing was decided.
    public func transcriptDecision(of call: String) throws(StoreError) -> TranscriptDecision? {
        try read { try Transcripts.decision(of: call, in: $0) }
    }

    /// Oldest first; every state, every call when nil.
    public func jobs(state: Job.State? = nil, call: String? = nil, limit: Int = 100) throws(StoreError) -> [Job] {
        try read { try JobQueue.jobs(state: state, call: call, limit: limit, in: $0) }
    }

    public func job(_ id: Int64) throws(StoreError) -> Job? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id]).flatMap(JobQueue.job)
        }
    }

    /// Oldest first; every state when nil.
    public func outbox(state: OutboxEntry.State? = nil, limit: Int = 100) throws(StoreError) -> [OutboxEntry] {
        try read { try Outbox.entries(state: state, limit: limit, in: $0) }
    }

    /// Newest first; every state when nil.
    public func newestEvents(state: OutboxEntry.State? = nil, limit: Int = 100) throws(StoreError) -> [OutboxEntry] {
        try read { try Outbox.entries(state: state, limit: limit, newestFirst: true, in: $0) }
    }

    /// The legs that the carrier dialled from a call, oldest first, without their turns.
    public func legs(of call: String) throws(StoreError) -> [StoredCall] {
        try read { database in
            try Row.fetchAll(
                database, sql: "\(Self.selectCalls) WHERE calls.parent = ? ORDER BY calls.started_ms, calls.id",
                arguments: [call]
            ).map { try Self.call($0, in: database) }
        }
    }
}
