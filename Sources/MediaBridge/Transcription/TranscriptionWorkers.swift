import CallControl
import Configuration
import Conversation
import Dispatch
import Foundation
import Synchronization
import Telemetry
import TurnStore

/// Transcribes recordings after their calls: queues a job for each channel, and works leased jobs off on threads of its
/// own. What is decided is the policy's (docs/TRANSCRIPTION_POLICY.md).
final class TranscriptionWorkers: Sendable {
    struct Options: Sendable {
        var workers = 1
        /// Tries of one job before it is given up.
        var attempts = 6
        var leaseMilliseconds: Int64 = 300_000
        /// After a recording is complete, until the call's last words are in the store.
        var settleMilliseconds: Int64 = 3_000
        /// Calls of the last days are looked through at start.
        var sweptCalls = 500

        init() {}

        init(_ configuration: TranscriptionConfiguration) {
            (workers, attempts) = (configuration.workers, configuration.attempts)
            // One piece may be asked for twice (with times, and without).
            leaseMilliseconds = Int64(configuration.timeoutSeconds) * 2_000 + 60_000
        }
    }

    /// A tenant's settings, and what its prompts tell speech-to-text.
    typealias TenantLookUp =
        @Sendable (_ tenant: String, _ direction: CallDirection?) -> (TranscriptionSettings, TranscriptionHints)?

    private let store: TurnStore
    private let options: Options
    private let tenant: TenantLookUp
    private let makeEngine: @Sendable () -> any OfflineEngine
    private let makeEvent: @Sendable (StoredCall, StoredTranscript, _ at: Int64) -> OutgoingEvent?
    private let logger: ServiceLog
    private let now: @Sendable () -> Int64
    /// Digests are made, and jobs queued, here.
    private let queue = DispatchQueue(label: "transcription", qos: .utility)
    private let stopping = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)
    private let finished = DispatchGroup()

    /// - Parameters:
    ///   - makeEngine: asked once by each worker.
    ///   - makeEvent: what the operator's webhook is told of the text that holds; nil when nothing.
    init(
        store: TurnStore, options: Options, logger: ServiceLog, tenant: @escaping TenantLookUp,
        makeEvent: @escaping @Sendable (StoredCall, StoredTranscript, _ at: Int64) -> OutgoingEvent? = { _, _, _ in
            nil
        },
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) },
        makeEngine: @escaping @Sendable () -> any OfflineEngine
    ) {
        (self.store, self.options, self.logger, self.tenant) = (store, options, logger, tenant)
        (self.makeEvent, self.now, self.makeEngine) = (makeEvent, now, makeEngine)
    }

    func start() {
        queue.async { [self] in sweep() }
        for index in 0..<options.workers {
            finished.enter()
            let thread = Thread { [self] in
                work(as: "\(ProcessInfo.processInfo.processIdentifier)-\(index)-\(UInt32.random(in: 0 ... .max))")
                finished.leave()
            }
            thread.name = "transcribe-\(index)"
            thread.start()
        }
    }

    /// Waits until what is being worked on has been given back. The store must still be open.
    func stop() {
        queue.sync {}
        stopping.store(true, ordering: .relaxed)
        for _ in 0..<options.workers { wake.signal() }
        finished.wait()
    }

    // MARK: Queueing

    /// Any thread; returns at once. Said again, or after a restart, it is the same job.
    func recorded(_ call: String, paths: [String]) {
        guard let path = paths.first(where: { $0.hasSuffix(".wav") }) else { return }
        queue.async { [self] in
            guard let known = try? store.call(call), isWanted(by: known.tenant) else { return }
            enqueue(call, path)
        }
    }

    private func isWanted(by id: String) -> Bool {
        guard let (settings, _) = tenant(id, nil) else { return false }
        return settings.when != .never
    }

    private func enqueue(_ call: String, _ path: String) {
        guard let digest = FileDigest.sha256(path) else {
            return logger.error("recording is not to be transcribed: it cannot be read", ["call": .id(call)])
        }
        do throws(StoreError) {
            let artifact = Artifact(
                call: call, kind: Self.kind(of: path, in: try store.artifacts.of(call: call)), path: path,
                sha256: digest)
            guard try store.artifacts.putIfKnown(artifact) else { return }
            // The agent's first: when the caller's is decided, all is there.
            for channel in [OfflineTranscript.Channel.agent, .caller] {
                let what = TranscriptionJob(path: path, channel: channel, sha256: digest)
                let at = now()
                guard let job = what.job(call: call, notBefore: at + options.settleMilliseconds, at: at) else {
                    continue
                }
                try store.jobs.enqueue(job)
            }
        } catch {
            logger.error("transcription is not queued", ["call": .id(call), "error": .failure(error)])
        }
        wake.signal()
    }

    private static func kind(of path: String, in artifacts: [Artifact]) -> Artifact.Kind {
        artifacts.first { $0.path == path }?.kind ?? .recording
    }

    /// Recordings whose jobs a crash has swallowed.
    private func sweep() {
        guard let calls = try? store.calls(limit: options.sweptCalls) else { return }
        for call in calls where !call.recordings.isEmpty && call.endedAtUnixMilliseconds != nil {
            if stopping.load(ordering: .relaxed) { return }
            guard isWanted(by: call.tenant),
                let jobs = try? store.jobs.of(call: call.id), !jobs.contains(where: { $0.kind == .transcribe }),
                let path = call.recordings.first(where: { $0.hasSuffix(".wav") }),
                FileManager.default.fileExists(atPath: path)
            else { continue }
            enqueue(call.id, path)
        }
    }

    // MARK: Working

    private func work(as worker: String) {
        var engine: (any OfflineEngine)?
        while !stopping.load(ordering: .relaxed) {
            // A store that is away for a while is asked again; so is one without work.
            let claimed = try? store.jobs.claim(
                kinds: [.transcribe], worker: worker, lease: options.leaseMilliseconds, at: now())
            guard let job = claimed else {
                _ = wake.wait(timeout: .now() + .milliseconds(500))
                continue
            }
            let ours = engine ?? makeEngine()
            engine = ours
            do throws(StoreError) { try run(job, ours) } catch {
                // The lease runs out by itself.
                logger.error("transcription job", ["job": .quantity(job.id), "error": .failure(error)])
            }
        }
    }

    private func run(_ job: Job, _ engine: any OfflineEngine) throws(StoreError) {
        guard let what = TranscriptionJob(payload: job.payload), let id = job.call, let call = try store.call(id) else {
            return try bury(job, "the job names no call, or none of ours")
        }
        guard let (settings, hints) = tenant(call.tenant, CallDirection(rawValue: call.direction)) else {
            return try bury(job, "the tenant is not among the configured ones")
        }
        let work = TranscriptionWork(
            store: store, job: job, what: what, call: call, settings: settings, hints: hints, engine: engine,
            leaseMilliseconds: options.leaseMilliseconds, now: now
        ) { [self] in stopping.load(ordering: .relaxed) }
        do throws(OfflineFailure) {
            // A worker that died at it counts as a try: what kills workers must end.
            if job.attempts > options.attempts { throw .final(job.lastError ?? "its workers died") }
            let results = try work.results()
            guard try complete(job, with: results, call) else { return }
            work.forgetPartial()
        } catch {
            switch error {
            case .stopped: try store.jobs.fail(job, retryAt: now(), error: "given back: the service stopped", at: now())
            case .again(let why) where job.attempts < options.attempts:
                let wait = TranscriptionJob.backOffMilliseconds(afterAttempts: job.attempts)
                try store.jobs.fail(job, retryAt: now() + wait, error: why, at: now())
            case .again(let why), .final(let why):
                try bury(job, why, with: try withEvent(work.resultsOfGivingUp(), call))
            }
        }
    }

    private func complete(
        _ job: Job, with results: [JobResult], _ call: StoredCall
    ) throws(OfflineFailure) -> Bool {
        do throws(StoreError) {
            return try store.jobs.complete(job, at: now(), with: try withEvent(results, call))
        } catch { throw .again("the store cannot be written") }
    }

    private func withEvent(_ results: [JobResult], _ call: StoredCall) throws(StoreError) -> [JobResult] {
        var decided: TranscriptDecision?
        var heard: [OfflineTranscript] = []
        for result in results {
            if case .decision(let decision) = result { decided = decision }
            if case .transcript(let transcript) = result { heard.append(transcript) }
        }
        guard let decided else { return results }
        heard += try store.transcripts.of(call: call.id)
        let transcript = StoredTranscript(turns: call.turns, recording: heard, decision: decided)
        return results
            + [makeEvent(call, transcript, decided.decidedAtUnixMilliseconds)].compactMap { $0.map { .event($0) } }
    }

    private func bury(_ job: Job, _ why: String, with results: [JobResult] = []) throws(StoreError) {
        guard try store.jobs.bury(job, error: why, at: now(), with: results) else { return }
        logger.warning(
            "transcription given up",
            ["call": .id(job.call ?? ""), "job": .quantity(job.id), "error": .failure(saying: why)])
    }
}
