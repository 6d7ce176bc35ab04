public import Conversation

/// One thing worth remembering, on its way to the writer.
public enum StoreRecord: Sendable, Equatable {
    /// The call exists. Repeating it fills in what was unknown and changes nothing else.
    case callStarted(CallStart)
    /// Its media stream is up; a second one (carrier retry) takes the first one's place.
    case streamStarted(call: String, stream: String, atUnixMilliseconds: Int64)
    /// The prompt this call was given, by its hash.
    case promptChosen(call: String, hash: String)
    /// What calls of one tenant and hash are told. The same twice is one.
    case prompt(StoredPrompt)
    /// A turn began or was revised: the last record with the same call and index holds.
    case turn(call: String, Turn)
    /// Inside one of its turns there was a hole.
    case hole(call: String, TurnHole)
    /// A recogniser of the call made words of an utterance. Nothing is kept of a call that is not there.
    case recognized(RecognizedWords)
    /// What the model has cost so far: the last record of a call holds. `currency` is a label.
    case used(call: String, CallUsage, currency: String)
    /// A recording of the call lies at `path`.
    case recorded(call: String, path: String)
    /// The call is over. The first end written stays.
    case callEnded(CallEnd)
    /// A file of the call.
    case artifact(Artifact)
    /// The operator's webhook is to be told.
    case outgoing(OutgoingEvent)
    /// Work for later. The same kind and key twice is one job.
    case job(NewJob)
    /// Happens once per call; the first time written stays.
    case fact(OnceFact, call: String, atUnixMilliseconds: Int64)
    /// The carrier dialled another leg from a call of ours.
    case leg(CallLeg)
    /// A carrier's webhook, kept as it came, and what it does to the call's status. With a change: `CallStatusWriter`.
    case carrierEvent(CarrierEvent, StatusChange?)
    /// A fact and what the operator's webhook is told of it: both are kept, or neither.
    indirect case announced(StoreRecord, OutgoingEvent)
}

/// What is known of a call when it begins.
public struct CallStart: Sendable, Equatable {
    /// The carrier's call id.
    public var call: String
    public var tenant: String
    /// Nil when unknown: one that is known is never overwritten by that.
    public var direction: CallDirection?
    /// As the carrier named the parties; not always E.164. Never logged.
    public var from: String
    public var to: String
    public var startedAtUnixMilliseconds: Int64
    /// The leg this one was dialled from.
    public var parent: String?
    /// JSON: what whoever asked for the call wants remembered with it.
    public var context: String?

    public init(
        call: String, tenant: String, direction: CallDirection?, from: String, to: String,
        startedAtUnixMilliseconds: Int64, parent: String? = nil, context: String? = nil
    ) {
        (self.call, self.tenant, self.direction) = (call, tenant, direction)
        (self.parent, self.context) = (parent, context)
        (self.from, self.to, self.startedAtUnixMilliseconds) = (from, to, startedAtUnixMilliseconds)
    }
}

/// How a call ended.
public struct CallEnd: Sendable, Equatable {
    public var call: String
    /// `HangUpReason`'s name, or the reason a call was never set up.
    public var reason: String
    public var endedAtUnixMilliseconds: Int64
    /// The frame ledger at the end (R1), by name.
    public var frameCounts: [String: Int64]

    public init(call: String, reason: String, endedAtUnixMilliseconds: Int64, frameCounts: [String: Int64] = [:]) {
        (self.call, self.reason) = (call, reason)
        (self.endedAtUnixMilliseconds, self.frameCounts) = (endedAtUnixMilliseconds, frameCounts)
    }
}

/// One webhook, as it came. The same account, call, kind and sequence twice is one event.
public struct CarrierEvent: Sendable, Equatable {
    public struct Field: Sendable, Equatable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// The account of what the service itself has observed; no carrier's looks like it.
    public static let ownAccount = "media-bridge"

    /// The carrier account that signed it.
    public var account: String
    public var call: String
    /// `voice`, `status`, `stream-started`, `after-stream`...
    public var kind: String
    /// The carrier's `SequenceNumber`; 0 when the kind has none.
    public var sequence: Int64
    public var receivedAtUnixMilliseconds: Int64
    /// In the order they came, repeated names included.
    public var fields: [Field]

    public init(
        account: String, call: String, kind: String, sequence: Int64 = 0, receivedAtUnixMilliseconds: Int64,
        fields: [Field] = []
    ) {
        (self.account, self.call, self.kind, self.sequence) = (account, call, kind, sequence)
        (self.receivedAtUnixMilliseconds, self.fields) = (receivedAtUnixMilliseconds, fields)
    }
}

/// What became of a record handed to `appendDurably`.
public enum AppendOutcome: Sendable, Equatable {
    /// On disk. `isNew` is false for an event, fact or job that was there already; `statusChanged` says whether its change took.
    case committed(isNew: Bool, statusChanged: Bool)
    /// The deadline passed: the record waits in memory and will be written when the database can be.
    case spooled
    /// No room, or the store is closed: nothing was kept.
    case refused
}
