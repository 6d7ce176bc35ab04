import Foundation
import Synchronization
public import TurnStore

/// The one owner of recordings that the carrier made: each is fetched once, whoever asks, however many ask, in this
/// process or in another one of this host.
///
/// In the process, whoever asks for what is being fetched gets that. Between processes a lock that dies with its holder
/// decides, and whoever gets it looks first whether the work is done. A file has its name only when it is whole.
public final class RecordingStore: Sendable {
    public enum Outcome: Sendable, Equatable {
        case ready(Artifact)
        /// - Parameter retryMilliseconds: when asking again may help; nil: never.
        case failed(RecordingFailure, retryMilliseconds: Int64?)
    }

    public struct Options: Sendable {
        public var limits = DownloadLimits()
        /// Downloads at a time.
        public var width = 4
        /// A recording that cannot be found is "not yet" for so long after the carrier announced it.
        public var youthMilliseconds: Int64 = 600_000
        /// Nobody is asked again within this time after a failure; doubles to `maximumCoolDownMilliseconds`.
        public var coolDownMilliseconds: Int64 = 2_000
        public var maximumCoolDownMilliseconds: Int64 = 600_000
        /// How long another process's download is waited for.
        public var lockMilliseconds = 10_000
        public init() {}
    }

    private struct Failed { var (failure, until, times): (RecordingFailure, Int64, Int) }
    private struct State {
        /// Who waits for what is being fetched, by recording.
        var flights: [String: [@Sendable (Outcome) -> Void]] = [:]
        var cooling: [String: Failed] = [:]
    }

    private let directory: String
    private let hosts: MediaHosts
    private let store: TurnStore
    private let options: Options
    private let credentials: @Sendable (RecordingOrder) -> (user: String, password: String)?
    private let clock: @Sendable () -> Int64
    private let breaker: HostBreaker
    private let state = Mutex(State())
    private let queue = OperationQueue()
    public let counters = RecordingCounters()

    /// Unix milliseconds.
    public static let wallClock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }

    /// - Parameters:
    ///   - directory: exists, and is on one file system.
    ///   - credentials: of the account whose recording it is, if its tenant still wants it; nil otherwise.
    ///   - clock: Unix milliseconds.
    public init(
        directory: String, hosts: MediaHosts, store: TurnStore, options: Options = .init(),
        clock: @escaping @Sendable () -> Int64 = RecordingStore.wallClock,
        credentials: @escaping @Sendable (RecordingOrder) -> (user: String, password: String)?
    ) {
        (self.directory, self.hosts, self.store, self.options) = (directory, hosts, store, options)
        (self.credentials, self.clock) = (credentials, clock)
        breaker = HostBreaker()
        queue.maxConcurrentOperationCount = options.width
        queue.name = "recordings"
    }

    /// Hosts that are being left alone because they failed.
    public var restingHosts: Int { breaker.openHosts }

    /// Any thread; returns at once. Completes once, on a downloading thread, or at once while a failure is fresh.
    public func fetch(_ order: RecordingOrder, completion: @escaping @Sendable (Outcome) -> Void) {
        let now = clock()
        let (isFirst, fresh): (Bool, Outcome?) = state.withLock { state in
            if state.flights[order.fileName] != nil {
                state.flights[order.fileName]?.append(completion)
                return (false, nil)
            }
            if let failed = state.cooling[order.fileName], now < failed.until {
                return (false, .failed(failed.failure, retryMilliseconds: failed.until - now))
            }
            state.flights[order.fileName] = [completion]
            return (true, nil)
        }
        if let fresh {
            counters.add(.cooling)
            return completion(fresh)
        }
        guard isFirst else { return counters.add(.joined) }
        queue.addOperation { [self] in land(order, get(order)) }
    }

    public func fetch(_ order: RecordingOrder) async -> Outcome {
        await withCheckedContinuation { continuation in fetch(order) { continuation.resume(returning: $0) } }
    }

    /// Everybody who waited hears of it. A failure is remembered before they do: whoever asks next is not sent again.
    private func land(_ order: RecordingOrder, _ result: Result<Artifact, RecordingDownload.Refusal>) {
        let now = clock()
        let (waiting, outcome) = state.withLock { state -> ([@Sendable (Outcome) -> Void], Outcome) in
            let outcome: Outcome
            switch result {
            case .success(let artifact):
                state.cooling[order.fileName] = nil
                outcome = .ready(artifact)
            case .failure(let refusal) where refusal.failure.isFinal:
                state.cooling[order.fileName] = nil
                outcome = .failed(refusal.failure, retryMilliseconds: nil)
            case .failure(let refusal):
                let times = state.cooling[order.fileName]?.times ?? 0
                let pause =
                    refusal.retryAfterMilliseconds
                    ?? min(options.coolDownMilliseconds << min(times, 20), options.maximumCoolDownMilliseconds)
                state.cooling = state.cooling.filter { $0.value.until > now - options.maximumCoolDownMilliseconds }
                state.cooling[order.fileName] = Failed(
                    failure: refusal.failure, until: now + pause, times: times + 1)
                outcome = .failed(refusal.failure, retryMilliseconds: pause)
            }
            return (state.flights.removeValue(forKey: order.fileName) ?? [], outcome)
        }
        for completion in waiting { completion(outcome) }
    }

    // MARK: On a downloading thread

    private func get(_ order: RecordingOrder) -> Result<Artifact, RecordingDownload.Refusal> {
        do throws(RecordingFailure) {
            if let artifact = try present(order) { return .success(artifact) }
            guard
                let lock = try RecordingLock.take(
                    order.fileName, in: directory, waitingMilliseconds: options.lockMilliseconds)
            else { throw .elsewhere }
            return try withExtendedLifetime(lock) { () throws(RecordingFailure) in
                // Whoever had the lock before may have done it all.
                if let artifact = try present(order) { return .success(artifact) }
                return try download(order)
            }
        } catch {
            counters.add(error)
            return .failure(.init(error))
        }
    }

    /// What is on record and on disk. A file that a crash left without a record is fetched again, over itself.
    private func present(_ order: RecordingOrder) throws(RecordingFailure) -> Artifact? {
        let known: [Artifact]
        do throws(StoreError) { known = try store.artifacts.of(call: order.call, kind: .carrierRecording) } catch {
            throw .disk
        }
        for format in MediaFormat.allCases {
            let path = "\(directory)/\(order.fileName).\(format.rawValue)"
            guard let artifact = known.first(where: { $0.path == path }),
                let bytes = PartialFile.size(of: path), artifact.bytes == nil || artifact.bytes == bytes
            else { continue }
            counters.add(.present)
            return artifact
        }
        return nil
    }

    private func download(
        _ order: RecordingOrder
    ) throws(RecordingFailure) -> Result<Artifact, RecordingDownload.Refusal> {
        guard let (user, password) = credentials(order) else { throw .notWanted }
        guard let address = order.media else { throw .hostNotAllowed }
        let partial = try PartialFile(base: "\(directory)/\(order.fileName)")
        let isYoung = clock() - order.madeAtUnixMilliseconds < options.youthMilliseconds
        var number = 1
        while true {
            let download = RecordingDownload(
                hosts: hosts, limits: options.limits, breaker: breaker,
                authorization: "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())", now: clock())
            let before = partial.bytes
            if number > 1 { counters.add(.retried) }
            if before > 0 { counters.add(.resumed) }
            do throws(RecordingDownload.Refusal) {
                let format = try download.run(address, isYoung: isYoung, into: partial)
                return .success(try keep(partial, order, format))
            } catch {
                counters.add(error.failure)
                guard error.failure.isWorthResuming, number < options.limits.tries else {
                    if error.failure.isFinal || partial.tag == nil { partial.discard() }
                    return .failure(error)
                }
                number += 1
            }
        }
    }

    private func keep(
        _ partial: PartialFile, _ order: RecordingOrder, _ format: MediaFormat
    ) throws(RecordingDownload.Refusal) -> Artifact {
        let path = "\(directory)/\(order.fileName).\(format.rawValue)"
        do throws(RecordingFailure) {
            guard let digest = partial.digest() else { throw .disk }
            let artifact = Artifact(
                call: order.call, kind: .carrierRecording, path: path, bytes: partial.bytes, sha256: digest,
                madeAtUnixMilliseconds: order.madeAtUnixMilliseconds,
                details: #"{"channels":\#(order.channels),"recording":"\#(order.recording)"}"#)
            try partial.finish(as: path)
            // Erased while it was on its way: it is not brought back.
            guard try record(artifact) else {
                unsafe unlink(path)
                throw .gone
            }
            counters.add(.downloaded)
            return artifact
        } catch { throw .init(error) }
    }

    /// False when its call is not on record any more.
    private func record(_ artifact: Artifact) throws(RecordingFailure) -> Bool {
        do throws(StoreError) { return try store.artifacts.putIfKnown(artifact) } catch { throw .disk }
    }
}
