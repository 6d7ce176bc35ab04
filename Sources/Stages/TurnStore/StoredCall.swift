/// A call as the store remembers it.
public struct StoredCall: Sendable, Equatable, Encodable {
    public var id: String
    public var tenant: String
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
}
