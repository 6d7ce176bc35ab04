public import Configuration
import Synchronization

/// The tenants as they are now. The one place that is asked whose a number or an account is.
///
/// Swapped as a whole: whoever has taken a snapshot sees one state of the configuration, never half of an edit. A running
/// call keeps the tenant it began with, in its `StreamGrant`.
public final class TenantDirectory: Sendable {
    /// One state of the configuration. Immutable.
    public struct Snapshot: Sendable {
        /// 1 at start, one more with each edit that was taken.
        public let revision: Int
        public let tenants: [Tenant]
        private let byAccount: [String: [Tenant]]
        private let byNumber: [String: Tenant]
        private let byID: [String: Tenant]

        init(revision: Int, tenants: [Tenant]) {
            (self.revision, self.tenants) = (revision, tenants)
            byAccount = Dictionary(grouping: tenants, by: \.accountSid)
            byNumber = Dictionary(
                tenants.flatMap { tenant in tenant.numbers.map { ($0, tenant) } },
                uniquingKeysWith: { first, _ in first })
            byID = Dictionary(tenants.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        }

        /// Those that hold a carrier account: whose secrets a webhook of it may be signed with. Empty for a stranger's.
        public func tenants(ofAccount account: String) -> [Tenant] { byAccount[account] ?? [] }
        /// E.164. There is no default tenant: another number is nobody's (R13).
        public func tenant(ofNumber number: String) -> Tenant? { byNumber[number] }
        public func tenant(id: String) -> Tenant? { byID[id] }
    }

    private let current: Mutex<Snapshot>

    public init(_ tenants: [Tenant]) { current = Mutex(Snapshot(revision: 1, tenants: tenants)) }

    /// Any thread but one inside a tick: it takes a lock, held only to copy a reference.
    public var snapshot: Snapshot { current.withLock { $0 } }

    /// Any thread. From the next question on, these are the tenants. They were checked against each other before.
    @discardableResult public func replace(with tenants: [Tenant]) -> Snapshot {
        current.withLock { snapshot in
            snapshot = Snapshot(revision: snapshot.revision + 1, tenants: tenants)
            return snapshot
        }
    }
}
