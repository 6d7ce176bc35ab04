public import Conversation

/// A call as the store remembers it.
public struct StoredCall: Sendable, Equatable, Encodable {
    public var id: String
    /// Empty when nobody has said whose call it is.
    public var tenant: String
    /// `inbound`, `outbound` or `unknown`.
    public var direction: String
    public var from: String
    public var to: String
    public var stream: String?
    public var promptHash: String?
    public var startedAtUnixMilliseconds: Int64
    public var endedAtUnixMilliseconds: Int64?
    public var endReason: String?
    /// In the carrier's words; nil when no webhook has said.
    public var status: String?
    public var recordings: [String]
    public var frameCounts: [String: Int64]
    public var turnCount: Int
    /// In order. Empty in a listing.
    public var turns: [StoredTurn]
    /// Nil when the model never said.
    public var usage: StoredUsage?
    /// The leg this one was dialled from.
    public var parent: String?
    /// How long the carrier says the call was up, in seconds; nil when it has not said.
    public var durationSeconds: Int64?
    /// JSON, as whoever asked for the call gave it.
    public var context: String?
    /// Holes inside the agent's turns, in order. Empty in a listing.
    public var holes: [StoredHole] = []
    /// What recognisers made of it while it was up, in order. Empty in a listing.
    public var recognized: [RecognizedWords] = []
    /// The text that holds. Nil in a listing.
    public var transcript: StoredTranscript?
}

/// What the model has cost.
public struct StoredUsage: Sendable, Equatable, Encodable {
    /// By `ModelUsage.Kind`'s names.
    public var counts: [String: Int64]
    /// Millionths of `currency`.
    public var costMicros: Int64
    public var currency: String
    /// Sessions opened for the call.
    public var sessions: Int
}

/// A turn as the store remembers it. Times are milliseconds on the call's own clock.
public struct StoredTurn: Sendable, Equatable, Encodable {
    public var index: Int
    public var speaker: String
    public var item: String?
    public var text: String
    public var textSource: String
    public var plannedText: String
    public var startedAtMilliseconds: Int64
    public var endedAtMilliseconds: Int64?
    public var interruptedAtMilliseconds: Int64?
    public var responseMilliseconds: Int64?
    public var interruptionMilliseconds: Int64?
    public var latency: StoredLatency?
    /// `marks` or `clock`: what the text and the end of an agent's turn rest on.
    public var heardBy: String?
    /// Holes that the caller heard, and their length.
    public var holes = 0
    public var holeMilliseconds: Int64 = 0
}

/// Where the time before an agent's turn went, in microseconds: the parts add up to `heard`. See `TurnLatency`.
public struct StoredLatency: Sendable, Equatable, Encodable {
    public var origin: String
    public var endpointing: Int64?
    public var request: Int64?
    public var followUp: Int64?
    public var model: Int64
    public var queueing: Int64
    public var carrier: Int64
    public var heard: Int64
}

extension StoredLatency {
    /// As the store would give it back.
    public init(_ latency: TurnLatency) {
        self.init(
            origin: latency.origin.rawValue, endpointing: latency.endpointing, request: latency.request,
            followUp: latency.followUp, model: latency.model, queueing: latency.queueing, carrier: latency.carrier,
            heard: latency.heard)
    }
}

/// A hole inside an agent's turn.
public struct StoredHole: Sendable, Equatable, Encodable {
    public var turn: Int
    /// On the call's own clock.
    public var endedAtMilliseconds: Int64
    /// `modelLate`, `ours` or `carrier`.
    public var cause: String
    /// Nothing was sent for this long; 0 when only the carrier's marks tell of the hole.
    public var gapMilliseconds: Int64
    /// What the caller heard of it.
    public var heardMilliseconds: Int64
}
