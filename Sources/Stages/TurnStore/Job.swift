/// Work that is done once, after a call or beside it, by whoever leases it.
public struct Job: Sendable, Equatable {
    /// The `kind`s of the table's check, in its words.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case fetchRecording = "fetch-recording"
        case transcribe
    }

    public enum State: String, Sendable, CaseIterable {
        case queued, leased, done
        /// Given up; an operator may queue it again.
        case dead
    }

    public var id: Int64
    public var kind: Kind
    /// Unique within its kind: the same work asked for twice is one job.
    public var key: String
    public var call: String?
    /// JSON, the kind's own.
    public var payload: String
    public var state: State
    /// Leases taken so far, this one included. With `worker` it tells this lease from every later one.
    public var attempts: Int
    public var notBeforeUnixMilliseconds: Int64
    public var leaseUntilUnixMilliseconds: Int64?
    public var worker: String?
    public var lastError: String?
    public var createdAtUnixMilliseconds: Int64
    public var changedAtUnixMilliseconds: Int64
}

/// A job to be queued. As a `StoreRecord` it joins the transaction of what asked for it.
public struct NewJob: Sendable, Equatable, Codable {
    public var kind: Job.Kind
    public var key: String
    public var call: String?
    public var payload: String
    /// Nobody may lease it earlier.
    public var notBeforeUnixMilliseconds: Int64
    public var createdAtUnixMilliseconds: Int64

    /// - Parameters:
    ///   - payload: JSON.
    ///   - notBefore: nil for at once.
    public init(kind: Job.Kind, key: String, call: String?, payload: String = "{}", notBefore: Int64? = nil, at: Int64)
    {
        (self.kind, self.key, self.call, self.payload) = (kind, key, call, payload)
        (notBeforeUnixMilliseconds, createdAtUnixMilliseconds) = (notBefore ?? at, at)
    }
}

/// What a finished job leaves behind, written in the transaction that ends its lease: a worker whose lease went to
/// another writes nothing. The only way into `transcripts` and `transcript_decisions`.
public enum JobResult: Sendable, Equatable {
    case artifact(Artifact)
    case transcript(OfflineTranscript)
    case decision(TranscriptDecision)
    case event(OutgoingEvent)
    case job(NewJob)
}
