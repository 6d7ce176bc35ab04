import AudioPipeline
import Foundation
import HostBench
import MediaBridge
import Synchronization

/// Reads the service from inside while the generator measures from outside: once at the begin and once at the end, and
/// its ticks in between.
final class BenchWatch: Sendable {
    /// What was read.
    struct Record: Sendable {
        var first: BenchService.Reading
        var last: BenchService.Reading
        var timeline: [TimelinePoint]
        var seconds: Double {
            let apart = last.at - first.at
            return Double(apart.components.seconds) + Double(apart.components.attoseconds) / 1e18
        }
    }

    /// Points of the timeline are this far apart.
    private static let step = 0.25
    /// The generator says once a second that it measures: its first word may be that late, and reading ends before it
    /// does, with half a second to spare.
    private static let margin = 1.5

    private let service: BenchService
    private let seconds: Double
    private let isBegun = Atomic<Bool>(false)
    private let isEnded = Atomic<Bool>(false)
    private let record = Mutex<Record?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ service: BenchService, seconds: Double) { (self.service, self.seconds) = (service, seconds) }

    /// Any thread. Further times do nothing.
    func begin() {
        guard !isBegun.exchange(true, ordering: .acquiringAndReleasing) else { return }
        Thread.detachNewThread { [self] in
            watch()
            done.signal()
        }
    }

    /// The generator has ended. Nil when it never measured, or not for long enough to be read twice.
    func end() -> Record? {
        isEnded.store(true, ordering: .releasing)
        if isBegun.load(ordering: .acquiring) { done.wait() }
        return record.withLock { $0 }
    }

    private func watch() {
        let first = service.read()
        var timeline: [TimelinePoint] = []
        var before = (tick: first.budget[.tick] ?? .init(), lateness: first.budget[.lateness] ?? .init())
        let steps = max(1, Int((seconds - Self.margin) / Self.step))
        for step in 1...steps {
            let due = first.at.advanced(by: .seconds(Double(step) * Self.step))
            Thread.sleep(forTimeInterval: max(0, Self.seconds(due - ContinuousClock.now)))
            guard !isEnded.load(ordering: .acquiring) else { return }
            // A reader that woke late reads a longer stretch, and says so.
            let at = Self.seconds(ContinuousClock.now - first.at)
            let now = service.readTicks()
            let (tick, lateness) = (now.tick.since(before.tick), now.lateness.since(before.lateness))
            before = now
            timeline.append(
                TimelinePoint(
                    at: at, ticks: tick.count, tickP50: Self.microseconds(tick.percentile(0.5)),
                    tickWorst: Self.microseconds(tick.percentile(1)),
                    latenessWorst: Self.microseconds(lateness.percentile(1))))
        }
        let read = Record(first: first, last: service.read(), timeline: timeline)
        record.withLock { $0 = read }
    }

    private static func microseconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1_000 }
    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
