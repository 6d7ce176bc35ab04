import CallControl
import Dispatch
import Transport
import TurnStore

extension ServiceCore {
    private static let lookUps = DispatchQueue(label: "call history", qos: .userInitiated)

    /// Loop thread; returns at once. What the store knows of a call, told on the shard's thread; nothing when it cannot
    /// be read: a caller is not turned away for that.
    func history(of call: String, on shard: Shard, _ then: @escaping (CallHistory) -> Void) {
        let waiting = HistoryWaiter(then)
        Self.lookUps.async { [store] in
            let history = CallHistory.read(of: call, in: store)?.history ?? CallHistory()
            shard.loop.submit { waiting.then(history) }
        }
    }

    /// Made, called and let go on the shard's thread alone.
    private final class HistoryWaiter: @unchecked Sendable {
        let then: (CallHistory) -> Void
        init(_ then: @escaping (CallHistory) -> Void) { self.then = then }
    }
}
