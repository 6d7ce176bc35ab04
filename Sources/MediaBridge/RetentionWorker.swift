import Configuration
import Dispatch
import Synchronization
import Telemetry
import TurnStore

/// Sweeps each tenant's calls when the service starts and then once an hour, on a queue of its own.
final class RetentionWorker: @unchecked Sendable {
    // Sendable: a dispatch source may be used from any thread; all else is immutable or atomic.
    private static let periodSeconds = 3_600

    private let queue = DispatchQueue(label: "retention", qos: .background)
    private let timer: any DispatchSourceTimer
    /// Removed so far, by kind; failures are tried again.
    let audioFiles = Atomic<Int>(0), transcripts = Atomic<Int>(0), numbers = Atomic<Int>(0), failures = Atomic<Int>(0)
    /// Sweeps of all tenants that came to their end.
    let sweeps = Atomic<Int>(0)

    /// - Parameters:
    ///   - tenants: those of the moment; asked for each sweep.
    ///   - now: Unix milliseconds.
    init(
        _ retention: Retention, tenants: @escaping @Sendable () -> [Tenant], logger: ServiceLog,
        now: @escaping @Sendable () -> Int64
    ) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [weak self] in self?.sweep(retention, tenants(), logger, now()) }
        timer.schedule(deadline: .now(), repeating: .seconds(Self.periodSeconds))
    }

    func start() { timer.activate() }

    /// Waits for a sweep that is under way.
    func stop() {
        timer.cancel()
        queue.sync {}
    }

    private func sweep(_ retention: Retention, _ tenants: [Tenant], _ logger: ServiceLog, _ now: Int64) {
        defer { sweeps.wrappingAdd(1, ordering: .relaxed) }
        for tenant in tenants where !tenant.retention.policy.keepsAll {
            do throws(StoreError) {
                let counts = try retention.sweep(tenant: tenant.id, tenant.retention.policy, now: now)
                audioFiles.wrappingAdd(counts.audioFiles, ordering: .relaxed)
                transcripts.wrappingAdd(counts.transcripts, ordering: .relaxed)
                numbers.wrappingAdd(counts.numbers, ordering: .relaxed)
                failures.wrappingAdd(counts.failures, ordering: .relaxed)
                guard !counts.isEmpty else { continue }
                logger.notice(
                    "retention",
                    [
                        "tenant": .name(tenant.id), "audio_files": .quantity(counts.audioFiles),
                        "transcripts": .quantity(counts.transcripts), "numbers": .quantity(counts.numbers),
                        "failures": .quantity(counts.failures),
                    ])
            } catch {
                failures.wrappingAdd(1, ordering: .relaxed)
                logger.warning("retention broke off", ["tenant": .name(tenant.id), "error": .failure(error)])
            }
        }
    }
}

extension RetentionSettings {
    var policy: RetentionPolicy {
        RetentionPolicy(
            audioDays: audioDays, transcriptDays: transcriptDays, numberDays: numberDays,
            maximumMegabytes: maximumMegabytes)
    }
}
