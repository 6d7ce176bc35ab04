import Configuration
import Synchronization
public import Transport

/// Calls that the carrier was asked to make and that have no stream yet: whose they are, and the place each holds.
///
/// The carrier names them by `?request=ID` in the addresses it calls back, so that a call is known even when the answer to
/// asking for it never came. The place is given back when the call ends without a stream, and when nothing is heard of it.
public final class OutgoingCalls: Sendable {
    /// What a webhook of such a call may know.
    struct Claim: Sendable {
        var tenant: Tenant
        var context: String
        /// The place, the first time.
        var ticket: AdmissionTicket?
    }

    private struct Entry {
        let tenant: Tenant
        let context: String
        var ticket: AdmissionTicket?
        var call: String?
        /// A stream was offered to it: from then on `StreamTokens` looks after it.
        var isClaimed = false
        /// The carrier's answer to asking for it never came.
        var isUnknown = false
        /// On the clock's nanoseconds.
        let expires: UInt64
    }

    private struct Table {
        var entries = [String: Entry]()
        var requests = [String: String]()
        var heardLate: (@Sendable (_ request: String, _ call: String) -> Void)?
    }

    private let table = Mutex(Table())
    private let now: @Sendable () -> UInt64
    /// Beyond the time it rings: the carrier's own slack, its listening for machines, its requests.
    static let graceSeconds = 90

    /// - Parameter clock: monotonic nanoseconds.
    public init(clock: @escaping @Sendable () -> UInt64 = { EventLoop.now }) { now = clock }

    /// A call is about to be asked for.
    func add(_ request: String, tenant: Tenant, context: String, ticket: AdmissionTicket, ringSeconds: Int) {
        let expires = now() + UInt64(ringSeconds + Self.graceSeconds) * 1_000_000_000
        table.withLock {
            $0.entries[request] = Entry(tenant: tenant, context: context, ticket: ticket, expires: expires)
        }
    }

    /// The carrier has taken it, as `call`.
    func name(_ request: String, as call: String) {
        table.withLock { table in
            guard table.entries[request] != nil else { return }
            table.entries[request]?.call = call
            table.requests[call] = request
        }
    }

    /// The carrier surely has not made it: its place goes back.
    func remove(_ request: String) {
        table.withLock { table in
            if let call = table.entries.removeValue(forKey: request)?.call { table.requests[call] = nil }
        }
    }

    /// Nobody knows whether the carrier made it. What webhooks say later is told to `whenHeardLate`'s closure.
    /// - Returns: the call's id, when one has come already.
    func markUnknown(_ request: String) -> String? {
        table.withLock { table in
            table.entries[request]?.isUnknown = true
            return table.entries[request]?.call
        }
    }

    /// Once, before the first call. Told on loop threads.
    func whenHeardLate(_ tell: @escaping @Sendable (_ request: String, _ call: String) -> Void) {
        table.withLock { $0.heardLate = tell }
    }

    /// A signed webhook came with that request in its address, or of a call that has that id. The first call that names a
    /// request has it; nobody else's.
    private func request(_ request: String?, _ call: String, _ account: String) -> String? {
        let (found, news): (String?, (@Sendable (String, String) -> Void)?) = table.withLock { table in
            guard let id = request ?? table.requests[call], let entry = table.entries[id],
                entry.tenant.accountSid == account, entry.call == nil || entry.call == call
            else { return (nil, nil) }
            table.entries[id]?.call = call
            table.requests[call] = id
            guard entry.isUnknown else { return (id, nil) }
            table.entries[id]?.isUnknown = false
            return (id, table.heardLate)
        }
        if let found { news?(found, call) }
        return found
    }

    /// The call was answered and is to be given a stream.
    func claim(_ request: String?, call: String, account: String) -> Claim? {
        guard let id = self.request(request, call, account) else { return nil }
        return table.withLock { table in
            guard let entry = table.entries[id] else { return nil }
            table.entries[id]?.ticket = nil
            table.entries[id]?.isClaimed = true
            return Claim(tenant: entry.tenant, context: entry.context, ticket: entry.ticket)
        }
    }

    /// Something else was heard of it.
    func heard(of request: String?, call: String, account: String) { _ = self.request(request, call, account) }

    /// It is over. Its place goes back.
    /// - Returns: true when it never had a stream: nobody else will close its record.
    func finished(_ request: String?, call: String, account: String) -> Bool {
        guard let id = self.request(request, call, account) else { return false }
        return table.withLock { table in
            guard let entry = table.entries.removeValue(forKey: id) else { return false }
            table.requests[call] = nil
            return !entry.isClaimed
        }
    }

    /// The carrier was told to end it.
    func giveBack(_ call: String) {
        let ticket = table.withLock { table -> AdmissionTicket? in
            guard let id = table.requests[call] else { return nil }
            defer { table.entries[id]?.ticket = nil }
            return table.entries[id]?.ticket
        }
        ticket?.release()
    }

    /// Whose call it is that has not been answered yet.
    func tenant(of call: String) -> Tenant? {
        table.withLock { table in
            guard let entry = table.requests[call].flatMap({ table.entries[$0] }), !entry.isClaimed else { return nil }
            return entry.tenant
        }
    }

    /// The carrier is being asked for it, or the call rings.
    func contains(_ request: String) -> Bool { table.withLock { $0.entries[request] != nil } }

    /// Calls that the carrier makes and that have no stream yet.
    public var count: Int { table.withLock { $0.entries.values.count { !$0.isClaimed } } }

    /// Lets go of those nobody has told of for too long.
    /// - Returns: the calls whose record nobody else will close.
    func takeOverdue() -> [String] {
        let time = now()
        return table.withLock { table in
            var lost = [String]()
            for (id, entry) in table.entries where entry.expires <= time {
                table.entries[id] = nil
                guard let call = entry.call else { continue }
                table.requests[call] = nil
                if !entry.isClaimed { lost.append(call) }
            }
            return lost
        }
    }
}
