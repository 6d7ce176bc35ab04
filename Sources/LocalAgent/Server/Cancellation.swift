import Synchronization

/// Tells a job on another thread that nobody waits for it any more. Once set it stays.
final class Cancellation: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
