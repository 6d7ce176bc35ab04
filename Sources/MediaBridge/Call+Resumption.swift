import CallControl
import Conversation
import TurnStore

/// A call that was up in a process which is gone, and goes on here: its turns follow those that are stored, on the clock
/// that they are on (R11).
extension Call {
    /// From the call's own start, in the other process, to this one's clock.
    private var offsetMilliseconds: Int64 {
        guard let started = grant.history.startedAtUnixMilliseconds else { return 0 }
        return max(0, begunAtUnixMilliseconds - started)
    }

    func continued(_ turn: Turn) -> Turn {
        guard grant.history.isResumed else { return turn }
        var turn = turn
        let offset = offsetMilliseconds
        turn.index += grant.history.turns
        turn.startedAt = turn.startedAt.advanced(byMilliseconds: offset)
        turn.endedAt = turn.endedAt?.advanced(byMilliseconds: offset)
        turn.interruptedAt = turn.interruptedAt?.advanced(byMilliseconds: offset)
        return turn
    }

    func continued(_ hole: TurnHole) -> TurnHole {
        guard grant.history.isResumed else { return hole }
        return TurnHole(
            index: hole.index + grant.history.holes, turn: hole.turn + grant.history.turns,
            endedAt: hole.endedAt.advanced(byMilliseconds: offsetMilliseconds), hole: hole.hole)
    }

    /// What its recording is named by: the first part stays as it is.
    var recordingName: String {
        grant.history.isResumed ? "\(grant.call)-\(begunAtUnixMilliseconds)" : grant.call
    }
}
