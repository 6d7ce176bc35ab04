import AudioPipeline
import CallControl
import Synchronization

/// Looks at the shards' clocks once a second and tells admission whether there is room. Control loop; others read.
final class SlackWatch: Sendable {
    private struct State {
        var judge = SlackJudge()
        var earlier: [HistogramSnapshot]
        var seconds: [SlackJudge.Second] = []
        var closings: UInt64 = 0
    }
    private let loads: [ShardLoad]
    private let admission: Admission
    private let isRefusing: Bool
    private let state: Mutex<State>

    /// - Parameter isRefusing: without it, room is measured and nobody is refused.
    init(_ loads: [ShardLoad], admission: Admission, isRefusing: Bool) {
        (self.loads, self.admission, self.isRefusing) = (loads, admission, isRefusing)
        state = Mutex(State(earlier: loads.map { $0.finish.snapshot() }))
    }

    /// - Returns: whether new calls are let in, when that has changed.
    func look() -> Bool? {
        state.withLock { state in
            let now = loads.map { $0.finish.snapshot() }
            state.seconds = loads.indices.map { index in
                let second = now[index].since(state.earlier[index])
                return SlackJudge.Second(
                    ticks: second.count, finishNanoseconds: second.percentile(0.99),
                    coreThousandths: loads[index].coreThousandths)
            }
            state.earlier = now
            let wasOpen = state.judge.isOpen
            state.judge.judge(state.seconds)
            guard isRefusing, state.judge.isOpen != wasOpen else { return nil }
            if wasOpen { state.closings += 1 }
            admission.setHasSlack(state.judge.isOpen)
            return state.judge.isOpen
        }
    }

    /// Each shard's last second; empty before the first.
    var seconds: [SlackJudge.Second] { state.withLock { $0.seconds } }
    /// How often the door was closed.
    var closings: UInt64 { state.withLock { $0.closings } }
}
