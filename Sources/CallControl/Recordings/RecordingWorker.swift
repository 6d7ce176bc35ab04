import Foundation
import Synchronization
public import TurnStore

/// Takes recordings' jobs from the store and has each fetched: leased, repeated with back-off, given up with a reason.
/// Waits for the disk on a thread of its own.
public final class RecordingWorker: Sendable {
    public struct Options: Sendable {
        /// How often the store is asked for work.
        public var pollMilliseconds = 1_000
        public var leaseMilliseconds: Int64 = 120_000
        /// The first pause after a failure; doubles.
        public var backOffMilliseconds: Int64 = 5_000
        public var maximumBackOffMilliseconds: Int64 = 3_600_000
        /// Then a job is given up: with the times above, after about a day.
        public var attempts = 30
        /// Jobs leased at a time.
        public var width = 4
        public init() {}
    }

    private let store: TurnStore
    private let recordings: RecordingStore
    private let options: Options
    private let name: String
    private let clock: @Sendable () -> Int64
    private let report: @Sendable (_ call: String, RecordingFailure) -> Void
    private let fetched: @Sendable (Artifact) -> Void
    private let makeEvent: MakeEvent
    private let leased = Mutex<[Int64: Job]>([:])
    private let thread: RepeatingThread

    /// What the operator's webhook is told of a recording that is there; nil when nobody wants to know.
    public typealias MakeEvent =
        @Sendable (RecordingOrder, Artifact, _ now: Int64) throws(StoreError) -> OutgoingEvent?

    /// - Parameters:
    ///   - makeEvent: asked before the job is ended; what it gives is written in the transaction that ends it, so that it
    ///     is told once, whoever fetched and whatever was killed in between.
    ///   - report: a recording was given up, and why.
    ///   - fetched: a recording is there, whole.
    public init(
        store: TurnStore, recordings: RecordingStore, options: Options = .init(),
        clock: @escaping @Sendable () -> Int64 = RecordingStore.wallClock,
        report: @escaping @Sendable (_ call: String, RecordingFailure) -> Void = { _, _ in },
        fetched: @escaping @Sendable (Artifact) -> Void = { _ in },
        makeEvent: @escaping MakeEvent = { _, _, _ in nil }
    ) {
        (self.store, self.recordings, self.options) = (store, recordings, options)
        (self.clock, self.report, self.fetched, self.makeEvent) = (clock, report, fetched, makeEvent)
        thread = RepeatingThread(name: "recordings", pauseMilliseconds: options.pollMilliseconds)
        name = "recordings-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString.prefix(8))"
    }

    public func start() { thread.start { [self] in step() } }

    /// Takes nothing new; what is being downloaded stays leased, and whoever runs next goes on with it.
    public func stop() { thread.stop() }

    /// One look: renews leases, takes what is due. The worker's thread, or a test's.
    func step() {
        let now = clock()
        for job in leased.withLock({ Array($0.values) }) {
            // A store that is away for a moment keeps no lease; the lock between processes still holds.
            _ = try? store.jobs.extend(job, until: now + options.leaseMilliseconds, at: now)
        }
        while !thread.isStopping, leased.withLock({ $0.count < options.width }) {
            guard
                let job = try? store.jobs.claim(
                    kinds: [.fetchRecording], worker: name, lease: options.leaseMilliseconds, at: clock())
            else { return }
            run(job)
        }
    }

    private func run(_ job: Job) {
        guard let order = RecordingOrder(payload: job.payload) else { return giveUp(job, .refused) }
        leased.withLock { $0[job.id] = job }
        recordings.fetch(order) { [self] outcome in
            let now = clock()
            switch outcome {
            case .ready(let artifact):
                complete(job, order, artifact, at: now)
                fetched(artifact)
            case .failed(let failure, retryMilliseconds: let pause?) where job.attempts < options.attempts:
                let backOff = min(
                    options.backOffMilliseconds << min(job.attempts - 1, 20), options.maximumBackOffMilliseconds)
                _ = try? store.jobs.fail(job, retryAt: now + max(pause, backOff), error: failure.rawValue, at: now)
            case .failed(let failure, _): giveUp(job, failure)
            }
            leased.withLock { $0[job.id] = nil }
            thread.wake()
        }
    }

    /// A store that is away for a moment keeps the job: its lease runs out, and whoever has it next finds the file there.
    private func complete(_ job: Job, _ order: RecordingOrder, _ artifact: Artifact, at now: Int64) {
        do throws(StoreError) {
            let event = try makeEvent(order, artifact, now)
            try store.jobs.complete(job, at: now, with: event.map { [.event($0)] } ?? [])
        } catch {}
    }

    private func giveUp(_ job: Job, _ failure: RecordingFailure) {
        recordings.counters.add(.buried)
        _ = try? store.jobs.bury(job, error: failure.rawValue, at: clock())
        report(job.call ?? "", failure)
    }
}
