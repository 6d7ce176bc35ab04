public import Conversation

/// Where every frame of a call went, at its end: both directions must balance (R1).
public struct CallBooks: Sendable, Equatable {
    /// Samples at 8 kHz, by name, as the store keeps them.
    public var counts: [String: Int64] = [:]
    /// What is missing from the books, in samples: 0, or something lost or counted twice.
    public var inboundImbalance: Int64 = 0
    public var outboundImbalance: Int64 = 0

    public var balance: Bool { inboundImbalance == 0 && outboundImbalance == 0 }
}

/// What happened to calls, for whoever shows it: the demo, tests. Called on shard threads, at edges only.
public protocol ServiceObserver: AnyObject, Sendable {
    func callBegan(_ call: String)
    func turn(_ call: String, _ turn: Turn)
    func note(_ call: String, _ note: ConversationNote, at: CallInstant)
    func callEnded(_ call: String, _ reason: HangUpReason, _ books: CallBooks)
    func recorded(_ call: String, paths: [String], failure: String?)
}
