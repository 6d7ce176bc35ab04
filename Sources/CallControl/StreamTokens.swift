import Configuration
import Synchronization
public import Transport

/// Calls that were announced by a webhook, and the secret path under which each one's stream may come in.
///
/// A token is good for one stream while it waits; afterwards only for the same call's carrier trying again, which its
/// signature shows, until the call ends. The table is bounded and forgets by itself.
public final class StreamTokens: Sendable {
    /// What presenting a token means.
    public enum Lookup: Sendable {
        case unknown
        /// Announced, not yet streaming.
        case waiting(StreamGrant)
        /// A stream came in before: a second one takes over, if its signature is right.
        case streaming(StreamGrant)
    }

    /// What became of a call that was announced.
    public enum Ending: Sendable, Equatable {
        /// Never announced, or forgotten.
        case unknown
        /// Announced, and no stream has come.
        case waiting(StreamGrant)
        case streaming(StreamGrant)
        /// `wasSpokenTo` is false when the call failed before the caller heard anything, not even the fallback.
        case ended(StreamGrant, wasSpokenTo: Bool)
    }

    private enum Phase {
        case waiting(AdmissionTicket)
        case streaming
        case ended(wasSpokenTo: Bool)
    }

    private struct Entry {
        var grant: StreamGrant
        /// Nil for a call whose stream came in on the fixed path.
        var token: String?
        var phase: Phase
        /// On the clock's nanoseconds.
        var expires: UInt64
    }

    private struct Table {
        var calls = [String: Entry]()
        var tokens = [String: String]()
        var nextSweep: UInt64 = 0
        var unclaimed = [StreamGrant]()
    }

    private let table = Mutex(Table())
    private let capacity: Int
    private let lifeNanoseconds: UInt64
    private let now: @Sendable () -> UInt64

    /// A call that streams is forgotten after this long even if nobody says that it ended.
    private static let longestCallNanoseconds: UInt64 = 5 * 3_600 * 1_000_000_000
    /// For the webhooks that follow the end.
    private static let memoryNanoseconds: UInt64 = 600 * 1_000_000_000

    /// - Parameters:
    ///   - lifeSeconds: how long a token waits for its stream.
    ///   - clock: monotonic nanoseconds.
    public init(
        lifeSeconds: Int, capacity: Int = 20_000,
        clock: @escaping @Sendable () -> UInt64 = { EventLoop.now }
    ) {
        self.capacity = capacity
        lifeNanoseconds = UInt64(lifeSeconds) * 1_000_000_000
        now = clock
    }

    /// The token of a call. A call already announced and not yet over keeps the one it has, and `admit` is not asked.
    /// - Parameter admit: takes the place that the waiting call holds; it is given back when nobody comes.
    /// - Returns: nil when the call is over, or the table is full.
    public func mint(
        for grant: StreamGrant, admit: () throws(AdmissionRefusal) -> AdmissionTicket
    ) throws(AdmissionRefusal) -> String? {
        sweep(force: true)
        if let known = table.withLock({ $0.calls[grant.call] }) {
            // Another account that names this call learns nothing of it.
            guard known.grant.tenant.accountSid == grant.tenant.accountSid else { throw .unknownTenant }
            if case .ended = known.phase { return nil }
            return known.token
        }
        let ticket = try admit()
        let token = Cryptography.hexadecimal(Cryptography.randomBytes(24))
        return table.withLock { table in
            // Two webhooks of one call at once: the first one's token is the call's, the second place goes back.
            if let known = table.calls[grant.call] {
                return known.grant.tenant.accountSid == grant.tenant.accountSid ? known.token : nil
            }
            guard table.calls.count < capacity else { return nil }
            table.calls[grant.call] = Entry(
                grant: grant, token: token, phase: .waiting(ticket), expires: now() + lifeNanoseconds)
            table.tokens[token] = grant.call
            return token
        }
    }

    public func look(up token: String) -> Lookup {
        sweep()
        return table.withLock { table in
            guard let call = table.tokens[token], let entry = table.calls[call], entry.expires > now() else {
                return .unknown
            }
            switch entry.phase {
            case .waiting: return .waiting(entry.grant)
            case .streaming: return .streaming(entry.grant)
            case .ended: return .unknown
            }
        }
    }

    /// The waiting call streams from now on. Once only: of two streams at once, one gets the ticket.
    func redeem(_ token: String) -> AdmissionTicket? {
        table.withLock { table in
            guard let call = table.tokens[token], let entry = table.calls[call], entry.expires > now(),
                case .waiting(let ticket) = entry.phase
            else { return nil }
            table.calls[call]?.phase = .streaming
            table.calls[call]?.expires = now() + Self.longestCallNanoseconds
            return ticket
        }
    }

    /// Any thread. A stream on the fixed path has said whose it is.
    public func adopt(_ grant: StreamGrant) {
        table.withLock { table in
            guard table.calls[grant.call] == nil, table.calls.count < capacity else { return }
            table.calls[grant.call] = Entry(
                grant: grant, token: nil, phase: .streaming, expires: now() + Self.longestCallNanoseconds)
        }
    }

    /// Any thread. The call is over; its token opens nothing any more. The first word on it holds, except that a call
    /// which never streamed was not spoken to.
    /// - Parameter wasSpokenTo: the caller heard the agent or the fallback voice.
    public func end(_ call: String, wasSpokenTo: Bool) {
        table.withLock { table in
            guard let entry = table.calls[call] else { return }
            switch entry.phase {
            case .ended: return
            case .waiting: table.unclaimed.append(entry.grant)
            case .streaming: break
            }
            if let token = entry.token { table.tokens[token] = nil }
            table.calls[call]?.token = nil
            table.calls[call]?.phase = .ended(wasSpokenTo: wasSpokenTo)
            table.calls[call]?.expires = now() + Self.memoryNanoseconds
        }
    }

    /// What the store knew of a call that is announced: before its stream comes.
    func note(_ history: CallHistory, of call: String) {
        table.withLock { $0.calls[call]?.grant.history = history }
    }

    /// As if the call had never been announced.
    func forget(_ call: String) {
        table.withLock { table in
            if let token = table.calls.removeValue(forKey: call)?.token { table.tokens[token] = nil }
        }
    }

    /// - Parameter account: whoever asks; a call of another account is unknown to it.
    public func ending(of call: String, account: String) -> Ending {
        table.withLock { table in
            guard let entry = table.calls[call], entry.grant.tenant.accountSid == account else { return .unknown }
            switch entry.phase {
            case .waiting: return .waiting(entry.grant)
            case .streaming: return .streaming(entry.grant)
            case .ended(let wasSpokenTo): return .ended(entry.grant, wasSpokenTo: wasSpokenTo)
            }
        }
    }

    /// Whose a call is that was announced and is not over.
    /// - Parameter account: whoever asks; a call of another account is unknown to it.
    func tenant(of call: String, account: String) -> Tenant? {
        table.withLock { table in
            guard let entry = table.calls[call], entry.grant.tenant.accountSid == account else { return nil }
            return entry.grant.tenant
        }
    }

    /// The operator's view: any call that was announced and is not over.
    func grant(of call: String) -> StreamGrant? {
        table.withLock { table in
            guard let entry = table.calls[call] else { return nil }
            if case .ended = entry.phase { return nil }
            return entry.grant
        }
    }

    /// Where a call that has streamed may stream again.
    /// - Parameter account: whoever asks; a call of another account is unknown to it.
    public func stream(of call: String, account: String) -> CallStream? {
        table.withLock { table in
            guard let entry = table.calls[call], entry.grant.tenant.accountSid == account,
                case .streaming = entry.phase, entry.expires > now()
            else { return nil }
            guard let token = entry.token else {
                return CallStream(path: "/twilio/media", tenant: entry.grant.tenant.id)
            }
            return CallStream(path: "/twilio/media/\(token)", tenant: nil)
        }
    }

    /// Calls announced whose stream has not come.
    public var waitingCount: Int {
        sweep()
        return table.withLock { table in
            table.calls.values.count { if case .waiting = $0.phase { true } else { false } }
        }
    }

    /// Calls whose stream never came, each told once: nobody else will close their records.
    func takeUnclaimed() -> [StreamGrant] {
        sweep()
        return table.withLock { table in
            defer { table.unclaimed.removeAll() }
            return table.unclaimed
        }
    }

    /// Forgets what has expired, and gives its places back; once a second is often enough unless a place is wanted.
    private func sweep(force: Bool = false) {
        let time = now()
        table.withLock { table in
            guard time >= table.nextSweep || force && table.calls.count > 0 else { return }
            table.nextSweep = time + 1_000_000_000
            for (call, entry) in table.calls where entry.expires <= time {
                table.calls[call] = nil
                if let token = entry.token { table.tokens[token] = nil }
                if case .waiting = entry.phase { table.unclaimed.append(entry.grant) }
            }
        }
    }
}
