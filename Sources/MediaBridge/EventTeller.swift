import CallControl
import Configuration
import Conversation
import TurnStore

/// Adds to a call's facts what the operator's webhook is told of them. Shard thread, at edges only; with no webhook it
/// does nothing.
struct EventTeller {
    private let body: EventBody?
    /// Turns whose end or words are still to come, by index: the newest version of each.
    private var untold: [Int: Turn] = [:]

    init(call: String, tenant: Tenant) { body = EventBody(call: call, tenant: tenant) }

    func started(_ start: CallStart) -> StoreRecord { Self.record(.callStarted(start), body?.started(start)) }

    /// A turn is told once: when it has ended and its words are known. Later versions go to the store alone.
    mutating func turn(_ turn: Turn, of call: String, at now: Int64) -> StoreRecord {
        guard let body else { return .turn(call: call, turn) }
        guard turn.endedAt != nil, turn.textSource != .none else {
            untold[turn.index] = turn
            return .turn(call: call, turn)
        }
        untold[turn.index] = nil
        // Whatever version comes again has the same key, and the outbox keeps the first.
        return Self.record(.turn(call: call, turn), body.turn(turn, at: now))
    }

    /// The end, and before it the turns that will not get more words.
    mutating func ended(_ end: CallEnd, durationMilliseconds: Int64) -> [StoreRecord] {
        defer { untold = [:] }
        return untold.values.sorted { $0.index < $1.index }.map { turn in
            Self.record(.turn(call: end.call, turn), body?.turn(turn, at: end.endedAtUnixMilliseconds))
        } + [Self.record(.callEnded(end), body?.ended(end, durationMilliseconds: durationMilliseconds))]
    }

    static func record(_ fact: StoreRecord, _ event: OutgoingEvent?) -> StoreRecord {
        event.map { .announced(fact, $0) } ?? fact
    }
}
