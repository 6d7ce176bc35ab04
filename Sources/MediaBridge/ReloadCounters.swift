import CallControl
import Synchronization
import Telemetry

/// What became of edits of the configuration. Any thread.
final class ReloadCounters: Sendable {
    private let taken = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)
    private let refusal = Mutex<String?>(nil)

    func took() {
        taken.wrappingAdd(1, ordering: .relaxed)
        refusal.withLock { $0 = nil }
    }

    /// - Parameter reason: one line: file, line, field, what is wrong.
    func refuse(_ reason: String) {
        refused.wrappingAdd(1, ordering: .relaxed)
        refusal.withLock { $0 = reason }
    }

    /// Why the last edit was not taken; nil when it was.
    var standingRefusal: String? { refusal.withLock { $0 } }

    func register(in metrics: MetricsRegistry, directory: TenantDirectory) {
        let (name, help) = ("media_bridge_configuration_reloads_total", "Edits of the configuration while it runs.")
        metrics.counter(name, help: help, labels: [("result", "taken")]) { [self] in
            UInt64(taken.load(ordering: .relaxed))
        }
        metrics.counter(name, help: help, labels: [("result", "refused")]) { [self] in
            UInt64(refused.load(ordering: .relaxed))
        }
        metrics.gauge("media_bridge_tenants", help: "Tenants, as the configuration is now.") {
            Double(directory.snapshot.tenants.count)
        }
        metrics.gauge("media_bridge_configuration_revision", help: "1 at start, one more with each edit taken.") {
            Double(directory.snapshot.revision)
        }
    }
}
