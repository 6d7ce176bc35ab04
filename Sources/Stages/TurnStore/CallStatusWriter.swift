public import Conversation

/// What an event says about its call's status: moved along `CallStatus.sources`, in the transaction of the event.
///
/// Made by the `CallStatusWriter` alone.
public struct StatusChange: Sendable, Equatable {
    public let to: CallStatus
    /// The tenants that may say so: a call known to belong to another one keeps its status.
    public let tenants: [String]
    /// How long the call was up, in seconds. The first one said of a completed call stays.
    public let durationSeconds: Int64?

    init(to: CallStatus, tenants: [String], durationSeconds: Int64? = nil) {
        (self.to, self.tenants, self.durationSeconds) = (to, tenants, durationSeconds)
    }
}

/// A leg that the carrier dialled from another one: a transfer's.
public struct CallLeg: Sendable, Equatable {
    public var call: String
    public var parent: String
    /// Nil when the carrier did not say.
    public var direction: CallDirection?
    public var from: String
    public var to: String
    public var atUnixMilliseconds: Int64
    /// Those of the account that signed: the leg is believed only of a parent that is one of theirs.
    public var tenants: [String]

    public init(
        call: String, parent: String, direction: CallDirection?, from: String, to: String, atUnixMilliseconds: Int64,
        tenants: [String]
    ) {
        (self.call, self.parent, self.direction, self.from, self.to) = (call, parent, direction, from, to)
        (self.atUnixMilliseconds, self.tenants) = (atUnixMilliseconds, tenants)
    }
}

/// The right to say what a call's status is. A store has one and gives it away once.
public struct CallStatusWriter: ~Copyable, Sendable {
    private let store: StoreWriter

    init(store: StoreWriter) { self.store = store }

    /// Any thread but one inside a tick; `then` as in `TurnStore.appendDurably`. The event and the move are one
    /// transaction: an event that is there already moves nothing, and a move that the table has not is not made.
    /// - Parameters:
    ///   - status: nil when the event says nothing about it.
    ///   - tenants: those of the account that signed the event.
    public func append(
        _ event: CarrierEvent, status: CallStatus?, durationSeconds: Int64? = nil, by tenants: [String],
        then: @escaping @Sendable (AppendOutcome) -> Void
    ) {
        let change = status.map { StatusChange(to: $0, tenants: tenants, durationSeconds: durationSeconds) }
        store.append(.carrierEvent(event, change), then: then)
    }
}
