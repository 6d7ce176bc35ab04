import Configuration
import Synchronization

/// What calls of each tenant need, made before the tenants are swapped so that no call waits for it.
///
/// A call that was announced before an edit and begins after it gets what it was announced with: the last few states of
/// a tenant are kept.
final class TenantRuntimes: Sendable {
    /// States of one tenant that are kept, the newest included. A stream token lives shorter than an operator edits.
    private static let kept = 4

    /// Newest first.
    private let table: Mutex<[String: [TenantRuntime]]>

    init(_ runtimes: [TenantRuntime]) {
        table = Mutex(Dictionary(grouping: runtimes, by: \.tenant.id))
    }

    /// Any thread but one inside a tick. The state that is `tenant`, else the newest of its id.
    func runtime(of tenant: Tenant) -> TenantRuntime? {
        table.withLock { table in
            let states = table[tenant.id]
            return states?.first { $0.tenant == tenant } ?? states?.first
        }
    }

    /// The newest state of `id`, if it is the same as `tenant`: its fallback voice need not be rendered again.
    func unchanged(_ tenant: Tenant) -> TenantRuntime? {
        table.withLock { $0[tenant.id]?.first }.flatMap { $0.tenant == tenant ? $0 : nil }
    }

    /// Tenants that are gone keep their last states for calls already announced; nobody new gets there.
    func replace(with runtimes: [TenantRuntime]) {
        table.withLock { table in
            for runtime in runtimes {
                let older = (table[runtime.tenant.id] ?? []).filter { $0.tenant != runtime.tenant }
                table[runtime.tenant.id] = Array(([runtime] + older).prefix(Self.kept))
            }
        }
    }
}
