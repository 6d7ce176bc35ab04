import AudioPipeline
import CLinux
import Dispatch
import Foundation
import Synchronization
import Transport
import VAD

/// Detectors of this process that cost too much for a shard, all of one kind, on a thread of their own.
///
/// Looks for frames every 5 ms as long as there are calls. A detector that stays away for a second is given up with its
/// thread, which ends when it comes back; the other calls go on with another thread and detectors that begin anew.
final class DetectorThread: @unchecked Sendable {  // `watching` is its owner's, who starts and stops it.
    /// Threads that may hang at a time; then the detector is gone for all calls.
    static let abandonedAtMost = 3
    static let hungNanoseconds: UInt64 = 1_000_000_000
    /// Frames that wait before a lane is behind and begins anew: 200 ms.
    static let framesBehind = 10

    private let make: DetectorEntry.Factory
    private let counters: PlugInCounters
    private let inbox = LaneInbox()
    private let timeoutMilliseconds: Int
    private let running = Guarded<Round?>(nil)
    private var watching: (any DispatchSourceTimer)?
    private let abandoned = Guarded(0)

    init(_ make: @escaping DetectorEntry.Factory, counters: PlugInCounters, timeoutMilliseconds: Int) {
        (self.make, self.counters, self.timeoutMilliseconds) = (make, counters, timeoutMilliseconds)
    }

    func start() {
        begin(with: [])
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + .milliseconds(250), repeating: .milliseconds(250))
        timer.setEventHandler { [weak self] in self?.look() }
        timer.activate()
        watching = timer
    }

    /// A thread that hangs is not waited for.
    func stop() {
        watching?.cancel()
        watching = nil
        inbox.stop()
        let round = running.withLock { $0 }
        guard let round else { return }
        _ = round.finished.wait(timeout: .now() + .seconds(2))
    }

    /// Shard thread, with its call.
    func seat() -> DetectorSeat { inbox.seat(timeoutMilliseconds: timeoutMilliseconds) }

    // MARK: Its threads

    /// One thread and the calls it judges for.
    private final class Round: @unchecked Sendable {  // `pairs` is its thread's until the watch has taken `busySince`.
        final class Pair {
            let work: LaneWork
            /// Nil: made when the thread comes to it.
            var detector: AnyDetector?
            init(_ work: LaneWork) { self.work = work }
        }
        /// What `busySince` says once the thread has been given up.
        static let given: UInt64 = .max
        var pairs: [Pair]
        /// When the thread turned to the call that it is busy with, monotonic nanoseconds; 0: with none.
        let busySince = Atomic<UInt64>(0)
        let busyLane = Atomic<UInt32>(0)
        let finished = DispatchSemaphore(value: 0)

        init(_ lanes: [LaneWork]) { pairs = lanes.map(Pair.init) }
    }

    private func begin(with lanes: [LaneWork]) {
        let round = Round(lanes)
        running.withLock { $0 = round }
        let thread = Thread { [self] in
            unsafe "detector".withCString { unsafe media_bridge_name_thread($0) }
            run(round)
            round.finished.signal()
        }
        thread.start()
    }

    private func run(_ round: Round) {
        while !inbox.isStopping {
            for work in inbox.take() { round.pairs.append(.init(work)) }
            round.pairs.removeAll { $0.work.lane.hasLeft }
            for pair in round.pairs {
                let now = media_bridge_monotonic_nanoseconds()
                round.busyLane.store(pair.work.lane.number, ordering: .relaxed)
                round.busySince.store(now, ordering: .releasing)
                serve(pair)
                let kept = round.busySince.compareExchange(
                    expected: now, desired: 0, ordering: .acquiringAndReleasing)
                // Given up meanwhile: everything but that call is another thread's.
                guard kept.exchanged else { return abandoned.withLock { $0 -= 1 } }
            }
            Thread.sleep(forTimeInterval: round.pairs.isEmpty ? 0.02 : 0.005)
        }
        for pair in round.pairs { pair.work.abandon() }
    }

    private func serve(_ pair: Round.Pair) {
        let work = pair.work
        let detector: AnyDetector
        if let made = pair.detector {
            detector = made
        } else {
            detector = make()
            pair.detector = detector
            work.begin(detector.window)
        }
        let isBehind = work.waitingFrames > Self.framesBehind
        if isBehind { counters.add(.skipped) }
        if work.takeRestart() || isBehind {
            work.skip()
            detector.reset()
        }
        // A window of a millisecond makes twenty of a frame; answers are told when the frame is through.
        var answers = InlineArray<20, VoiceActivity>(repeating: VoiceActivity(probability: 0, isSpeech: false))
        var count = 0
        while work.next({ window in
            answers[min(count, 19)] = detector.analyze(window)
            count += 1
        }) {
            for index in 0..<count { work.answered(answers[min(index, 19)]) }
            count = 0
        }
    }

    // MARK: The watch

    private func look() {
        guard let round = running.withLock({ $0 }) else { return }
        let since = round.busySince.load(ordering: .acquiring)
        guard since > 0, since < Round.given,
            media_bridge_monotonic_nanoseconds() &- since > Self.hungNanoseconds
        else { return }
        let taken = round.busySince.compareExchange(
            expected: since, desired: Round.given, ordering: .acquiringAndReleasing)
        guard taken.exchanged else { return }
        counters.add(.silent)
        // The call that it hangs in stays with it, and has the fallback.
        let culprit = round.busyLane.load(ordering: .relaxed)
        let lanes = round.pairs.map(\.work).filter { $0.lane.number != culprit }
        let hung = abandoned.withLock { count in
            count += 1
            return count
        }
        guard hung <= Self.abandonedAtMost else {
            running.withLock { $0 = nil }
            for work in lanes { work.abandon() }
            return counters.add(.notStarted)
        }
        counters.add(.restarted)
        begin(with: lanes)
    }
}
