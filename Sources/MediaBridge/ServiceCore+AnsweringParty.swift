import CallControl
import Conversation
import Synchronization
import Transport

/// What the carrier's detection said of calls whose stream has not come yet. Bounded: the oldest go, for a call that
/// never streams asks for none (R14).
struct EarlyVerdicts {
    static let capacity = 1_024
    private var verdicts: [(call: String, party: AnsweringParty)] = []

    mutating func add(_ party: AnsweringParty, for call: String) {
        verdicts.removeAll { $0.call == call }
        if verdicts.count == Self.capacity { verdicts.removeFirst() }
        verdicts.append((call, party))
    }

    mutating func take(_ call: String) -> AnsweringParty? {
        guard let index = verdicts.firstIndex(where: { $0.call == call }) else { return nil }
        return verdicts.remove(at: index).party
    }
}

extension ServiceCore {
    /// Any thread: the verdict waits where the call will look for it, or goes to the shard where the call lives.
    func answered(call: String, by party: AnsweringParty) {
        earlyVerdicts.withLock { $0.add(party, for: call) }
        // A call that begins after the line above takes it; one that began before has a place.
        guard let place = place(of: call), shards.indices.contains(place) else { return }
        let shard = shards[place]
        shard.loop.submit { shard.deliverVerdict(to: call) }
    }
}

extension Shard {
    /// Loop thread. Nothing when the call has taken it already, or is over.
    func deliverVerdict(to id: String) {
        guard let call = call(named: id), let party = service.earlyVerdicts.withLock({ $0.take(id) }) else { return }
        call.happen(.answeredBy(party), at: EventLoop.now)
    }
}
