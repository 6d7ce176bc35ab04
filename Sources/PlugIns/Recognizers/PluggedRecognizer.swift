import AudioPipeline
import CLinux
import Dispatch
import Foundation
public import SpeechToText
import Transport

/// A recogniser that a configuration names, for calls while they are up: each has one of its own, on a thread of its own,
/// which may wait as it likes. The call's thread never does.
public final class PluggedRecognizer: @unchecked Sendable {  // `watching` is its owner's, who starts and stops it.
    public let name: String
    public let counters = RecognizerCounters()

    /// Threads that may hang at a time; then no call is listened to until one of them comes back.
    static let abandonedAtMost = 8
    /// A recogniser that stays away for longer is given up with its thread, for its call.
    public static let hungNanoseconds: UInt64 = 60_000_000_000

    private let make: RecognizerEntry.Factory
    private let log: PlugInLog
    private let hung: UInt64
    private struct State {
        var works: [ObjectIdentifier: RecognizerWork] = [:]
        var isStopping = false
        var abandoned = 0
    }
    private let state = Guarded(State())
    private let ended = DispatchSemaphore(value: 0)
    private var watching: (any DispatchSourceTimer)?

    /// - Parameters:
    ///   - make: one recogniser for one call.
    ///   - hungNanoseconds: for whoever cannot wait for the real time.
    public init(
        _ name: String, make: @escaping RecognizerEntry.Factory, hungNanoseconds: UInt64 = hungNanoseconds,
        log: @escaping PlugInLog
    ) {
        (self.name, self.make, self.log, hung) = (name, make, log, hungNanoseconds)
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + .milliseconds(250), repeating: .milliseconds(250))
        timer.setEventHandler { [weak self] in self?.look() }
        timer.activate()
        watching = timer
    }

    /// Shard thread, at a call's set-up: starts a thread.
    /// - Parameter tell: each result on the call's clock; the thread's. Nothing comes any more after the last final of a
    ///   call that has left.
    /// - Parameter finished: after the last result, once; also when the recogniser is given up.
    /// - Returns: nil when too many recognisers hang already, or nobody listens any more; nothing is told then.
    public func seat(
        _ tell: @escaping @Sendable (RecognitionResult) -> Void, finished: @escaping @Sendable () -> Void = {}
    ) -> RecognizerSeat? {
        let ring = RecordRing<CallSound>(capacity: RecognizerSeat.ringPieces)
        let writer = ring.writer, reader = ring.reader
        let lane = RecognizerLane()
        let work = RecognizerWork(lane, pieces: reader, make: make, counters: counters, log: log, tell: tell)
        work.finished = finished
        let mayRun = state.withLock { state in
            guard !state.isStopping, state.abandoned < Self.abandonedAtMost else { return false }
            state.works[ObjectIdentifier(work)] = work
            return true
        }
        guard mayRun else {
            counters.events.add(.notStarted)
            return nil
        }
        let thread = Thread { [self] in
            unsafe "recogniser".withCString { unsafe media_bridge_name_thread($0) }
            work.run { self.state.withLock { $0.isStopping } }
            var isOurs = false
            let isLast = state.withLock { state in
                if state.works.removeValue(forKey: ObjectIdentifier(work)) == nil {
                    state.abandoned -= 1
                } else {
                    isOurs = true
                }
                return state.isStopping && state.works.isEmpty
            }
            if isOurs { work.finished() }
            if isLast { ended.signal() }
        }
        thread.stackSize = 1 << 20
        thread.start()
        return RecognizerSeat(writer, lane: lane)
    }

    /// Threads that were given up and have not come back.
    public var leftBehind: Int { state.withLock { $0.abandoned } }

    /// Calls that are listened to.
    public var listening: Int { state.withLock { $0.works.count } }

    /// What was said last becomes final; what hangs is not waited for.
    public func stop() {
        watching?.cancel()
        watching = nil
        let isBusy = state.withLock { state in
            state.isStopping = true
            return !state.works.isEmpty
        }
        if isBusy { _ = ended.wait(timeout: .now() + .seconds(4)) }
    }

    private func look() {
        let now = media_bridge_monotonic_nanoseconds()
        let hanging = state.withLock { state in
            let hanging = state.works.filter { $0.value.lane.giveUp(after: hung, at: now) }
            for (key, _) in hanging { state.works[key] = nil }
            state.abandoned += hanging.count
            return hanging.values.map(\.finished)
        }
        for finished in hanging {
            // Whoever hears of the end finds it counted.
            counters.events.add(.silent)
            log(.silent, "it stayed away for \(hung / 1_000_000_000) s; its call has no recogniser any more")
            finished()
        }
    }
}
