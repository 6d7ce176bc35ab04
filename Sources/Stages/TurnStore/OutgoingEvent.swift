/// Something the operator's own webhook is to be told. As a `StoreRecord` it joins the transaction of what it tells of.
public struct OutgoingEvent: Sendable, Equatable, Codable {
    /// The `event`s of the table's check, in its words.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case callStarted = "call.started"
        case turn = "call.turn"
        case callEnded = "call.ended"
        case transcriptReady = "transcript.ready"
        case recordingReady = "recording.ready"
    }

    public var call: String?
    public var tenant: String
    public var kind: Kind
    /// The idempotency key: unique among all events. Said twice it is one event.
    public var key: String
    /// What is sent, byte for byte.
    public var body: String
    public var createdAtUnixMilliseconds: Int64

    public init(call: String?, tenant: String, kind: Kind, key: String, body: String, at: Int64) {
        (self.call, self.tenant, self.kind, self.key, self.body) = (call, tenant, kind, key, body)
        createdAtUnixMilliseconds = at
    }
}

/// An event on its way, as the outbox remembers it.
public struct OutboxEntry: Sendable, Equatable {
    public enum State: String, Sendable, CaseIterable { case waiting, delivered, dead }

    /// In the order the events were added.
    public var id: Int64
    public var event: OutgoingEvent
    public var state: State
    /// Deliveries tried and failed.
    public var attempts: Int
    public var nextUnixMilliseconds: Int64
    public var lastError: String?
    public var changedAtUnixMilliseconds: Int64
}
