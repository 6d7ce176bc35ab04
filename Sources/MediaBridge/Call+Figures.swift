import AudioPipeline
import CallControl
import CallJournal
import Conversation
import Telemetry
import TurnStore

/// What a call's turns say of themselves: where the time went, what hearing rests on, and the holes.
extension Call {
    /// The gaps in sending that are told to the conversation though the carrier's buffer covered them.
    static let toldGapMilliseconds = 100

    /// Sending goes on after a gap: counted, told to a person when the caller heard it, and kept with its turn.
    func gapEnded(_ hole: PlayoutHole, in pop: PlayoutItem, at now: UInt64) {
        shard.counters.add(.sendGapMilliseconds, UInt64(hole.milliseconds))
        if hole.audibleMilliseconds == 0 { shard.counters.add(.gapsCovered) }
        count(hole, at: now)
        if hole.audibleMilliseconds > 0 || hole.milliseconds >= Self.toldGapMilliseconds {
            happen(.playoutHole(pop, hole), at: now)
        }
    }

    /// What the conversation says of a hole goes to the store; the ones that marks alone prove are counted here.
    func persist(_ hole: TurnHole, at now: UInt64) {
        if hole.hole.milliseconds == 0 { count(hole.hole, at: now) }
        store(.hole(call: grant.call, continued(hole)))
    }

    private func count(_ hole: PlayoutHole, at now: UInt64) {
        guard hole.audibleMilliseconds > 0 else { return }
        let (counter, kind): (ShardCount, DiagnosticKind) =
            switch hole.cause {
            case .modelLate: (.holesModelLate, .modelUnderrun)
            case .ours: (.holesOurs, .ownUnderrun)
            case .carrier: (.holesCarrier, .carrierUnderrun)
            }
        shard.counters.add(counter)
        shard.counters.add(.holeMilliseconds, UInt64(hole.audibleMilliseconds))
        shard.figures.count(hole)
        shard.diagnose(kind, self, at: now, value: hole.audibleMilliseconds)
    }

    /// Each ended turn of the agent counts once, however often it is revised.
    func count(_ turn: Turn) {
        guard turn.speaker == .agent, let heardBy = turn.heardBy, turn.index > newestCountedTurn else { return }
        newestCountedTurn = turn.index
        shard.counters.add(heardBy == .marks ? .turnsHeardByMarks : .turnsHeardByClock)
        if let latency = turn.latency { shard.figures.count(latency) }
    }

    /// A mark may have told that the carrier plays later than it was sent to: the recording follows.
    func alignRecording(at now: UInt64) {
        tap?.carrierPlays(late: conversation.core.ledger.carrierDelaySamples, at: position(now))
    }
}
