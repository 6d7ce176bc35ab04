import AllocationProbe
import CLinux
import VAD

/// A detector, with what each of its windows took. One thread.
final class MeteredDetector: AnyDetector, @unchecked Sendable {
    /// What was spent, of all detectors that share it.
    final class Meter {
        var nanoseconds: [UInt64] = []
        /// Nil: cannot be counted here.
        var allocations: Int? = 0
        var firstAllocation: Int?
        /// Bytes allocated in windows and not freed in one.
        var heldBytes = 0
        /// Times that the thread slept in a window.
        var waits = 0
        init() {}
    }

    private let inner: AnyDetector
    private let meter: Meter

    init(_ inner: AnyDetector, _ meter: Meter) {
        (self.inner, self.meter) = (inner, meter)
        super.init(window: inner.window, latencyMilliseconds: inner.latencyMilliseconds, cost: inner.cost)
    }

    override func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        let waited = media_bridge_thread_waits()
        let began = media_bridge_monotonic_nanoseconds()
        allocation_probe_start()
        let activity = inner.analyze(window)
        let allocations = allocation_probe_stop()
        meter.nanoseconds.append(media_bridge_monotonic_nanoseconds() &- began)
        meter.waits += media_bridge_thread_waits() - waited
        meter.heldBytes += allocation_probe_held()
        if allocations < 0 { meter.allocations = nil } else { meter.allocations? += allocations }
        if allocations > 0, meter.firstAllocation == nil { meter.firstAllocation = meter.nanoseconds.count - 1 }
        return activity
    }

    override func reset() { inner.reset() }
}
