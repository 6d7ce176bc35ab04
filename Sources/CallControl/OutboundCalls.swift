public import Configuration
import Conversation
import Dispatch
import Foundation
public import Transport
public import TurnStore

/// `POST /api/v1/calls`: has the carrier call somebody, for a tenant.
///
/// Who asks twice with one `Idempotency-Key` gets one call and one answer, also across a restart. A place is taken before
/// anything is dialled, and held until the call has its stream or is over. What the carrier may have done is never repeated.
public final class OutboundCalls: AdminRoutes {
    private let access: OperatorAccess
    private let tenants: TenantDirectory
    private let store: TurnStore
    private let admission: Admission
    private let outgoing: OutgoingCalls
    private let rest: CarrierREST
    private let origin: @Sendable () -> PublicOrigin
    /// The store waits for the disk, and so does whoever writes to it.
    private let queue = DispatchQueue(label: "outbound calls")
    private static let path = "/api/v1/calls"

    /// - Parameter origin: how the carrier names this service.
    public init(
        listener: AdminListenerConfiguration, tenants: TenantDirectory, store: TurnStore, admission: Admission,
        outgoing: OutgoingCalls, rest: CarrierREST, origin: @escaping @Sendable () -> PublicOrigin
    ) {
        (access, self.tenants, self.store) = (OperatorAccess(listener: listener), tenants, store)
        (self.admission, self.outgoing, self.rest, self.origin) = (admission, outgoing, rest, origin)
        outgoing.whenHeardLate { [queue, store] request, call in
            queue.async {
                guard let known = try? store.callRequests.request(request) else { return }
                let made = Self.made(known.tenant, request, call)
                try? store.callRequests.finish(request, .made, call: call, httpStatus: 201, answer: made)
            }
        }
    }

    public func answer(_ request: HTTPRequest, _ exchange: any HTTPExchange) -> Bool {
        guard request.path == Self.path, request.method != "GET" else { return false }
        guard request.method == "POST" else {
            exchange.respond(AdminAnswer.methodNotAllowed("GET, POST"))
            return true
        }
        if let refusal = access.refusal(request) ?? OperatorAccess.bodyRefusal(request) {
            exchange.respond(refusal)
            return true
        }
        guard let key = request.headers["Idempotency-Key"], (1...255).contains(key.utf8.count) else {
            exchange.respond(
                AdminAnswer.problem(
                    400, "1 to 255 characters were expected, another for each call that is wanted",
                    field: "Idempotency-Key"))
            return true
        }
        let wanted: OutboundRequest
        do throws(OutboundRequest.Problem) {
            wanted = try OutboundRequest(body: request.body, tenants: tenants.snapshot)
        } catch {
            exchange.respond(AdminAnswer.problem(422, "\(error.field): \(error.text)", field: error.field))
            return true
        }
        begin(wanted, key: key, body: request.body, exchange)
        return true
    }

    // MARK: Asked for before?

    private func begin(_ wanted: OutboundRequest, key: String, body: [UInt8], _ exchange: any HTTPExchange) {
        let (tenant, now) = (wanted.tenant, Date())
        let request = CallRequest(
            id: Cryptography.hexadecimal(Cryptography.randomBytes(16)), tenant: tenant.id, key: key,
            bodyDigest: Self.digest(body), numberDigest: Self.digest(Array("\(tenant.id)\n\(wanted.to)".utf8)),
            at: Int64(now.timeIntervalSince1970 * 1_000))
        let limits = CallRequestLimits(
            sameNumberMilliseconds: Int64(tenant.dialling.sameNumberSeconds) * 1_000,
            perMinute: tenant.dialling.callsPerMinute)
        do throws(StoreError) {
            switch try store.callRequests.begin(request, limits) {
            case .new: dial(wanted, request, since: now, exchange)
            case .repeated(let known): exchange.respond(again(known))
            case .keyReused:
                exchange.respond(
                    AdminAnswer.problem(
                        422, "stands for a request with another body; a new key was expected", field: "Idempotency-Key")
                )
            case .sameNumber(let first):
                exchange.respond(
                    AdminAnswer.json(
                        409,
                        Conflict(
                            error: "to: this number was called less than \(tenant.dialling.sameNumberSeconds) s ago",
                            field: "to", call: first.call, request: first.id)))
            case .tooMany(let milliseconds):
                exchange.respond(
                    AdminAnswer.problem(
                        429, "tenant: at most \(tenant.dialling.callsPerMinute) calls in a minute", field: "tenant",
                        headers: [("Retry-After", "\((milliseconds + 999) / 1_000)")]))
            }
        } catch { exchange.respond(AdminAnswer.problem(503, "\(error)")) }
    }

    private func again(_ known: CallRequest) -> HTTPResponse {
        guard let status = known.httpStatus, let answer = known.answer else {
            let isAsking = outgoing.contains(known.id)
            let text =
                isAsking
                ? "the carrier is still being asked for this call"
                : "the service stopped while the carrier was asked: the call may have been made, and is not repeated"
            return AdminAnswer.problem(
                409, text, field: "Idempotency-Key", headers: isAsking ? [("Retry-After", "1")] : [])
        }
        return Self.response(status, answer, [("Idempotent-Replayed", "true")])
    }

    // MARK: Dialling

    private func dial(
        _ wanted: OutboundRequest, _ request: CallRequest, since: Date, _ exchange: any HTTPExchange
    ) {
        let tenant = wanted.tenant
        let ticket: AdmissionTicket
        do throws(AdmissionRefusal) { ticket = try admission.admit(tenant.id) } catch {
            try? store.callRequests.forget(request.id)
            return exchange.respond(Self.noPlace(error))
        }
        let ring = tenant.dialling.ringSeconds
        outgoing.add(request.id, tenant: tenant, context: wanted.context, ticket: ticket, ringSeconds: ring)
        let base = origin().http
        let call = CarrierCall(
            to: wanted.to, from: wanted.from, answerURL: "\(base)/twilio/voice?request=\(request.id)",
            statusURL: "\(base)/twilio/status?request=\(request.id)",
            machineURL: "\(base)/twilio/amd?request=\(request.id)", detection: wanted.detection,
            detectsMessageEnd: tenant.conversationPolicy.answeringMachine == .leaveMessage, ringSeconds: ring)
        rest.create(call, of: tenant) { [self] result in
            queue.async { [self] in
                switch result {
                case .success(let id): made(id, wanted, request, exchange)
                case .failure(let error) where error.leavesOpen: lookUp(wanted, request, since, error, exchange)
                case .failure(let error): refused(error, request, exchange)
                }
            }
        }
    }

    private func made(_ call: String, _ wanted: OutboundRequest, _ request: CallRequest, _ exchange: any HTTPExchange) {
        outgoing.name(request.id, as: call)
        let context = wanted.context.isEmpty ? nil : Self.json(["context": wanted.context])
        store.appendDurably(
            .callStarted(
                CallStart(
                    call: call, tenant: wanted.tenant.id, direction: .outbound, from: wanted.from, to: wanted.to,
                    startedAtUnixMilliseconds: request.madeAtUnixMilliseconds, context: context))
        ) { _ in }
        finish(request, .made, call, 201, Self.made(wanted.tenant.id, request.id, call), exchange)
    }

    /// It may ring already: nothing is repeated, and its place stays taken until something is heard or the time is over.
    private func lookUp(
        _ wanted: OutboundRequest, _ request: CallRequest, _ since: Date, _ error: CarrierRESTError,
        _ exchange: any HTTPExchange
    ) {
        if let call = outgoing.markUnknown(request.id) { return made(call, wanted, request, exchange) }
        // Whole seconds, of a clock that may be a little behind ours.
        rest.find(to: wanted.to, from: wanted.from, since: since.addingTimeInterval(-2), of: wanted.tenant) {
            [self] result in
            queue.async { [self] in
                if case .success(let found?) = result { return made(found, wanted, request, exchange) }
                if let call = outgoing.markUnknown(request.id) { return made(call, wanted, request, exchange) }
                let text = "\(error): the call may have been made. It is not repeated; asking again with this key tells"
                let answer = Self.json(Unknown(error: text, request: request.id, state: "unknown"))
                finish(request, .unknown, nil, 504, answer, exchange)
            }
        }
    }

    private func refused(_ error: CarrierRESTError, _ request: CallRequest, _ exchange: any HTTPExchange) {
        outgoing.remove(request.id)
        // Not sent, or put off by the carrier: asking again may go well.
        if error.cause == .busy || error.status == 429 {
            try? store.callRequests.forget(request.id)
            return exchange.respond(AdminAnswer.problem(503, "\(error)", headers: [("Retry-After", "2")]))
        }
        let isOurs = error.status == 400 || error.cause == .notPossible
        let answer = Self.json(
            Refused(error: "not made: \(error)", request: request.id, state: "refused", carrierCode: error.code))
        finish(request, .refused, nil, isOurs ? 422 : 502, answer, exchange)
    }

    private func finish(
        _ request: CallRequest, _ state: CallRequest.State, _ call: String?, _ status: Int, _ answer: String,
        _ exchange: any HTTPExchange
    ) {
        // Should the disk fail now, the row says `dialling`, and asking again is told that nobody knows.
        try? store.callRequests.finish(request.id, state, call: call, httpStatus: status, answer: answer)
        exchange.respond(Self.response(status, answer, []))
    }

    // MARK: Answers

    private struct Conflict: Encodable {
        var error: String
        var field: String
        var call: String?
        var request: String
    }
    private struct Made: Encodable {
        var call: String
        var request: String
        var state = "made"
        var tenant: String
    }
    private struct Unknown: Encodable {
        var error: String
        var request: String
        var state: String
    }
    private struct Refused: Encodable {
        var error: String
        var request: String
        var state: String
        var carrierCode: Int
    }

    private static func made(_ tenant: String, _ request: String, _ call: String) -> String {
        json(Made(call: call, request: request, tenant: tenant))
    }

    private static func noPlace(_ refusal: AdmissionRefusal) -> HTTPResponse {
        let retry = [("Retry-After", "5")]
        return switch refusal {
        case .full: AdminAnswer.problem(503, "the service has as many calls as it may have", headers: retry)
        case .tenantFull:
            AdminAnswer.problem(
                429, "tenant: has as many calls at a time as it may have", field: "tenant", headers: retry)
        case .noSlack: AdminAnswer.problem(503, "the frame clock has no slack for another call", headers: retry)
        case .draining: AdminAnswer.problem(503, "the service is shutting down")
        case .unknownTenant: AdminAnswer.problem(422, "tenant: has no place here yet", field: "tenant")
        }
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private static func response(_ status: Int, _ answer: String, _ headers: [(String, String)]) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: .init([("Content-Type", "application/json")] + headers),
            body: Array(answer.utf8) + [0x0A])
    }

    private static func digest(_ bytes: [UInt8]) -> String { Cryptography.hexadecimal(Cryptography.sha256(bytes)) }
}
