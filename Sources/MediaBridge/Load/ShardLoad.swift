import AudioPipeline
import Glibc
import Synchronization

/// How much room one shard has left. Written by its thread, read by any.
final class ShardLoad: Sendable {
    /// From the first deadline a run of the clock serves until the run is over: what is left of 20 ms is its slack.
    let finish = LatencyHistogram()
    private let share = Atomic<UInt64>(0)
    private let sampledAt = Atomic<UInt64>(0)
    private let usedAtSample = Atomic<UInt64>(0)

    /// Of the last full second, the part in which the thread ran, in thousandths of a core.
    var coreThousandths: Int { Int(share.load(ordering: .relaxed)) }

    /// Shard thread, after each run of the clock. One look at the thread's own clock a second.
    /// - Parameter now: monotonic nanoseconds.
    func ticked(finishedAfter nanoseconds: UInt64, at now: UInt64) {
        finish.record(nanoseconds: nanoseconds)
        let last = sampledAt.load(ordering: .relaxed)
        if now &- last >= 1_000_000_000 { sample(since: last, at: now) }
    }

    private func sample(since last: UInt64, at now: UInt64) {
        let used = Self.processorNanoseconds
        if last > 0 {
            let spent = used &- usedAtSample.load(ordering: .relaxed)
            share.store(min(1_000, spent &* 1_000 / (now &- last)), ordering: .relaxed)
        }
        usedAtSample.store(used, ordering: .relaxed)
        sampledAt.store(now, ordering: .relaxed)
    }

    /// What the calling thread has had of a processor, whatever it waited for. A system call: not for every frame.
    static var processorNanoseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
