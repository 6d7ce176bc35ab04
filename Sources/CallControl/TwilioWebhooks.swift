public import Configuration
import Conversation
import Foundation
import Synchronization
public import Transport
public import TurnStore

/// The public listener's service for Twilio: webhooks in, TwiML out, and the door for media streams.
///
/// It runs on loop threads and never waits: an answer that needs the disk is given by the store's writer after its commit.
public final class TwilioWebhooks: HTTPService {
    let configuration: ServiceConfiguration
    let tenants: TenantDirectory
    let store: TurnStore
    let statusWriter: CallStatusWriter
    let admission: Admission
    let tokens: StreamTokens
    public let counters: CallControlCounters
    let acceptor: any CallAcceptor
    /// Calls that we asked the carrier for.
    public let outgoing: OutgoingCalls
    private let origin: Mutex<PublicOrigin>

    /// Takes the store's `CallStatusWriter`: one service per store.
    /// - Parameters:
    ///   - tenants: who they are from now on; nil: those of `configuration`, for good.
    ///   - acceptor: kept; it must not keep this service.
    public init(
        configuration: ServiceConfiguration, tenants: TenantDirectory? = nil, store: TurnStore, admission: Admission,
        tokens: StreamTokens,
        acceptor: any CallAcceptor, counters: CallControlCounters = .init(), outgoing: OutgoingCalls = .init()
    ) {
        self.outgoing = outgoing
        (self.configuration, self.store, self.admission) = (configuration, store, admission)
        self.tenants = tenants ?? TenantDirectory(configuration.tenants)
        guard let statusWriter = store.takeStatusWriter() else {
            preconditionFailure("two services would write the status of calls in \(store.path)")
        }
        self.statusWriter = statusWriter
        (self.tokens, self.acceptor, self.counters) = (tokens, acceptor, counters)
        let listener = configuration.publicListener
        origin = Mutex(
            listener.publicURL.flatMap { PublicOrigin($0) } ?? Self.localOrigin(listener, port: listener.port))
    }

    /// Once, after binding: a service without a configured public URL is named by its listener.
    public func listening(onPort port: Int) {
        guard configuration.publicListener.publicURL == nil else { return }
        origin.withLock { $0 = Self.localOrigin(configuration.publicListener, port: port) }
    }

    /// How the carrier names this service.
    public var publicOrigin: PublicOrigin { origin.withLock { $0 } }

    private static func localOrigin(_ listener: PublicListenerConfiguration, port: Int) -> PublicOrigin {
        PublicOrigin(
            isSecure: listener.tls != nil, host: listener.host.contains(":") ? "[\(listener.host)]" : listener.host,
            port: port)
    }

    // MARK: Requests

    public func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
        switch request.path {
        case "/healthz":
            guard request.method == "GET" || request.method == "HEAD" else {
                return refuseMethod("GET, HEAD", exchange)
            }
            exchange.respond(.text(200, "ok\n"))
        case "/twilio/voice": webhook(request, exchange, answer: voice)
        case "/twilio/status": webhook(request, exchange, answer: status)
        case "/twilio/stream-status": webhook(request, exchange, answer: streamStatus)
        case "/twilio/amd": webhook(request, exchange, answer: answeredBy)
        case "/twilio/recording": webhook(request, exchange, answer: recording)
        case "/twilio/after-stream": webhook(request, exchange, answer: afterStream)
        case "/twilio/after-dial": webhook(request, exchange, answer: afterDial)
        case "/twilio/media": upgradeRequired(exchange)
        case let path where path.hasPrefix("/twilio/media/"): upgradeRequired(exchange)
        default:
            counters.add(.notFound)
            exchange.respond(.text(404, "not found\n"))
        }
    }

    private func refuseMethod(_ allowed: String, _ exchange: any HTTPExchange) {
        counters.add(.methodNotAllowed)
        exchange.respond(
            HTTPResponse(
                status: 405, headers: .init([("Allow", allowed), ("Content-Type", "text/plain; charset=utf-8")]),
                body: Array("method not allowed; allowed: \(allowed)\n".utf8)))
    }

    private func upgradeRequired(_ exchange: any HTTPExchange) {
        counters.add(.malformed)
        exchange.respond(
            HTTPResponse(
                status: 426, headers: .init([("Upgrade", "websocket"), ("Content-Type", "text/plain; charset=utf-8")]),
                body: Array("a WebSocket upgrade was expected\n".utf8)))
    }

    /// A webhook whose sender is known. `tenants` are those of the account that signed it.
    struct Webhook: Sendable {
        var fields: FormFields
        var account: String
        var call: String
        var tenants: [Tenant]
        var receivedAt: Int64

        var receivedDate: Date { Date(timeIntervalSince1970: Double(receivedAt) / 1_000) }
        /// Whose answer this is, of the calls that we asked for.
        var request: String?
    }

    /// Method, form, signature, call id: what every webhook must have right before anybody looks at what it says.
    private func webhook(
        _ request: HTTPRequest, _ exchange: any HTTPExchange, answer: (Webhook, any HTTPExchange) -> Void
    ) {
        guard request.method == "POST" else { return refuseMethod("POST", exchange) }
        let type = request.headers["Content-Type"]?.lowercased() ?? ""
        guard type.hasPrefix("application/x-www-form-urlencoded"), let fields = FormFields(body: request.body) else {
            counters.add(.malformed)
            return exchange.respond(.text(400, "a form was expected\n"))
        }
        let account = fields["AccountSid"] ?? ""
        var tenants = tenants.snapshot.tenants(ofAccount: account)
        // A call keeps the tenant it began with, also when an edit has changed or removed it since.
        if let own = tokens.tenant(of: fields["CallSid"] ?? "", account: account), !tenants.contains(own) {
            tenants.append(own)
        }
        if configuration.twilio.verifySignatures {
            // An account nobody knows is verified against nothing, and refused like a wrong signature.
            switch TwilioSignature.verify(request, fields: fields, origin: publicOrigin, tenants: tenants) {
            case .valid: break
            case .missing: return refuseSignature(.signatureMissing, exchange)
            case .wrong: return refuseSignature(tenants.isEmpty ? .accountUnknown : .signatureWrong, exchange)
            }
        }
        guard let call = fields["CallSid"], Self.isCallID(call) else {
            counters.add(.malformed)
            return exchange.respond(.text(400, "CallSid: a call id was expected\n"))
        }
        let receivedAt = Self.unixMilliseconds
        closeUnclaimed(at: receivedAt)
        let query = request.query.isEmpty ? nil : FormFields(body: Array(request.query.utf8))
        answer(
            Webhook(
                fields: fields, account: account, call: call, tenants: tenants, receivedAt: receivedAt,
                request: query?.nonEmpty("request")), exchange)
    }

    /// A call whose stream never came has no conversation to end its record.
    /// Any thread; telemetry's once-a-second look, besides every webhook.
    public func closeUnclaimed() { closeUnclaimed(at: Self.unixMilliseconds) }

    func closeUnclaimed(at milliseconds: Int64) {
        for grant in tokens.takeUnclaimed() { endUnclaimed(grant, at: milliseconds) }
        for call in outgoing.takeOverdue() { end(call, "noAnswer", at: milliseconds) }
    }

    func end(_ call: String, _ reason: String, at milliseconds: Int64) {
        store.appendDurably(.callEnded(CallEnd(call: call, reason: reason, endedAtUnixMilliseconds: milliseconds))) {
            _ in
        }
    }

    private static var unixMilliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    private func refuseSignature(_ reason: CallControlCounters.Name, _ exchange: any HTTPExchange) {
        counters.add(reason)
        exchange.respond(.text(403, "forbidden\n"))
    }

    static func isCallID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
    }

    // MARK: Streams

    public func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        // One slash at the end is nothing: some carriers add it.
        let prefix = "/twilio/media/"
        if request.path == prefix.dropLast() || request.path == prefix { return upgradeSigned(request, loop) }
        guard request.path.hasPrefix(prefix) else {
            counters.add(.notFound)
            return .refuse(.text(404, "not found\n"))
        }
        var token = request.path.dropFirst(prefix.count)
        if token.hasSuffix("/") { token.removeLast() }
        return upgradeAnnounced(request, String(token), loop)
    }

    private func upgradeAnnounced(_ request: HTTPRequest, _ token: String, _ loop: EventLoop) -> UpgradeDecision {
        let grant: StreamGrant
        var isTakeover = false
        switch tokens.look(up: token) {
        case .unknown: return forbid(.tokenUnknown)
        case .waiting(let known): grant = known
        case .streaming(let known): (grant, isTakeover) = (known, true)
        }
        let verdict = TwilioSignature.verify(
            request, fields: nil, origin: publicOrigin, tenants: [grant.tenant], isWebSocket: true)
        if isTakeover, verdict != .valid { return forbid(.tokenReused) }
        if configuration.twilio.verifySignatures, verdict != .valid {
            return forbid(verdict == .missing ? .signatureMissing : .signatureWrong)
        }
        var ticket: AdmissionTicket?
        if !isTakeover {
            ticket = tokens.redeem(token)
            // Another stream of the same call was quicker; this one takes over from it if it could have.
            if ticket == nil {
                guard case .streaming = tokens.look(up: token), verdict == .valid else { return forbid(.tokenReused) }
                isTakeover = true
            }
        }
        let call = AcceptedCall(
            identity: .announced(grant), isTakeover: isTakeover, ticket: ticket, remoteAddress: request.remoteAddress)
        let decision = offer(call, loop)
        if case .refuse = decision, !isTakeover {
            tokens.end(grant.call, wasSpokenTo: false)
            end(grant.call, "streamDeclined", at: Self.unixMilliseconds)
        }
        return decision
    }

    /// The fixed path: a signature is the only credential, whatever the configuration says.
    private func upgradeSigned(_ request: HTTPRequest, _ loop: EventLoop) -> UpgradeDecision {
        let origin = publicOrigin
        var verdict = TwilioSignature.Verdict.missing
        var candidates = [Tenant]()
        for tenant in tenants.snapshot.tenants {
            verdict = TwilioSignature.verify(request, fields: nil, origin: origin, tenants: [tenant], isWebSocket: true)
            if verdict == .missing { return forbid(.signatureMissing) }
            if verdict == .valid { candidates.append(tenant) }
        }
        guard !candidates.isEmpty else { return forbid(.signatureWrong) }
        let ticket: AdmissionTicket
        do throws(AdmissionRefusal) { ticket = try admission.admitUnidentified() } catch {
            counters.add(Self.counter(of: error))
            return .refuse(.text(503, "no place for another call\n"))
        }
        return offer(
            AcceptedCall(
                identity: .signed(candidates: candidates), isTakeover: false, ticket: ticket,
                remoteAddress: request.remoteAddress), loop)
    }

    private func offer(_ call: AcceptedCall, _ loop: EventLoop) -> UpgradeDecision {
        guard let (handler, options) = acceptor.accept(call, on: loop) else {
            counters.add(.streamDeclined)
            return .refuse(.text(503, "not now\n"))
        }
        counters.add(call.isTakeover ? .streamTakenOver : .streamAccepted)
        return .accept(handler, options)
    }

    private func forbid(_ reason: CallControlCounters.Name) -> UpgradeDecision {
        counters.add(reason)
        return .refuse(.text(403, "forbidden\n"))
    }

    static func counter(of refusal: AdmissionRefusal) -> CallControlCounters.Name {
        switch refusal {
        case .full: .serviceFull
        case .tenantFull: .tenantFull
        case .noSlack: .noSlack
        case .draining: .draining
        case .unknownTenant: .numberUnknown
        }
    }
}
