import Synchronization

/// What a call's seat, the thread that listens for it, and the watch over that thread tell each other beside the ring.
final class RecognizerLane: Sendable {
    /// What `busySince` says once the thread has been given up, and while it tells a result.
    static let given: UInt64 = .max, telling: UInt64 = .max - 1

    private let left = Atomic<Bool>(false)
    /// When the thread turned to its recogniser, monotonic nanoseconds; 0: it waits for sound.
    private let busySince = Atomic<UInt64>(0)

    // MARK: Seat

    /// Releasing: what was pushed before is there for whoever sees it.
    func leave() { left.store(true, ordering: .releasing) }

    // MARK: Thread

    var hasLeft: Bool { left.load(ordering: .acquiring) }

    /// The recogniser is asked now; it may stay away.
    func begin(at now: UInt64) { busySince.store(now, ordering: .releasing) }

    /// - Returns: false when the thread was given up meanwhile: what it holds is nobody's any more.
    func end(since began: UInt64) -> Bool {
        busySince.compareExchange(expected: began, desired: 0, ordering: .acquiringAndReleasing).exchanged
    }

    /// Tells a result, during which the thread cannot be given up: nothing is told of a call whose end was told.
    /// - Returns: false when the thread was given up before.
    func tell(since began: UInt64, _ body: () -> Void) -> Bool {
        let may = busySince.compareExchange(expected: began, desired: Self.telling, ordering: .acquiringAndReleasing)
        guard may.exchanged else { return false }
        body()
        busySince.store(began, ordering: .releasing)
        return true
    }

    // MARK: Watch

    /// - Returns: true when the recogniser has stayed away for longer; the thread is given up then.
    func giveUp(after nanoseconds: UInt64, at now: UInt64) -> Bool {
        let since = busySince.load(ordering: .acquiring)
        guard since > 0, since < Self.telling, now > since, now &- since > nanoseconds else { return false }
        return busySince.compareExchange(
            expected: since, desired: Self.given, ordering: .acquiringAndReleasing
        ).exchanged
    }
}
