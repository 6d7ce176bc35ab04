public import Configuration
import Foundation
public import Transport
public import TurnStore

/// What an operator does to one call: `DELETE /api/v1/calls/ID`, `POST .../say`, `POST .../transfer`.
public final class CallCommands: AdminRoutes {
    private let access: OperatorAccess
    private let tenants: TenantDirectory
    private let reader: TurnStoreReader
    private let tokens: StreamTokens
    private let outgoing: OutgoingCalls
    private let rest: CarrierREST
    private let calls: any LiveCalls
    private static let prefix = "/api/v1/calls/"
    public static let maximumWords = 2_000

    public init(
        listener: AdminListenerConfiguration, tenants: TenantDirectory, reader: TurnStoreReader, tokens: StreamTokens,
        outgoing: OutgoingCalls, rest: CarrierREST, calls: any LiveCalls
    ) {
        (access, self.tenants, self.reader) = (OperatorAccess(listener: listener), tenants, reader)
        (self.tokens, self.outgoing, self.rest, self.calls) = (tokens, outgoing, rest, calls)
    }

    public func answer(_ request: HTTPRequest, _ exchange: any HTTPExchange) -> Bool {
        guard request.path.hasPrefix(Self.prefix) else { return false }
        let parts = request.path.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard let call = parts.first.map(String.init), CarrierREST.isID(call) else { return false }
        let verb = parts.count == 1 ? "" : String(parts[1])
        switch verb {
        case "" where parts.count == 1:
            if request.method == "GET" { return false }
            respond(request, "DELETE", "GET, DELETE", exchange) { hangUp(call, request, exchange) }
        case "say" where parts.count == 2:
            respond(request, "POST", "POST", exchange) { say(call, request, exchange) }
        case "transfer" where parts.count == 2:
            respond(request, "POST", "POST", exchange) { transfer(call, request, exchange) }
        default: return false
        }
        return true
    }

    private func respond(
        _ request: HTTPRequest, _ method: String, _ allowed: String, _ exchange: any HTTPExchange, _ act: () -> Void
    ) {
        guard request.method == method else { return exchange.respond(AdminAnswer.methodNotAllowed(allowed)) }
        if let refusal = access.refusal(request) ?? OperatorAccess.bodyRefusal(request) {
            return exchange.respond(refusal)
        }
        act()
    }

    // MARK: Hanging up

    /// Through its conversation when the call is up here (R5), else at the carrier.
    private func hangUp(_ call: String, _ request: HTTPRequest, _ exchange: any HTTPExchange) {
        let query = FormFields(body: Array(request.query.utf8))
        let goodbye = query?["goodbye"] ?? "true"
        guard query != nil, goodbye == "true" || goodbye == "false" else {
            return exchange.respond(
                AdminAnswer.problem(
                    422, "goodbye: \(JSONFields.shown(goodbye)) does not fit; true or false was expected",
                    field: "goodbye"))
        }
        if calls.deliver(goodbye == "true" ? .sayGoodbye : .hangUp, to: call) {
            return exchange.respond(Self.accepted(call))
        }
        let tenant: Tenant
        switch owner(of: call) {
        case .failure(let problem): return exchange.respond(problem.response)
        case .success(let found): tenant = found
        }
        let outgoing = outgoing
        rest.end(call, of: tenant) { result in
            switch result {
            case .success:
                // What the carrier's status says later finds the place given back.
                outgoing.giveBack(call)
                exchange.respond(Self.accepted(call))
            case .failure(let error) where error.cause == .callOver: exchange.respond(Self.isOver)
            case .failure(let error): exchange.respond(AdminAnswer.problem(502, "not hung up: \(error)"))
            }
        }
    }

    private struct Refusal: Error { var response: HTTPResponse }

    /// Whose call it is that has no conversation here.
    private func owner(of call: String) -> Result<Tenant, Refusal> {
        if let tenant = outgoing.tenant(of: call) ?? tokens.grant(of: call)?.tenant { return .success(tenant) }
        let stored: StoredCall?
        do throws(StoreError) { stored = try reader.call(call) } catch {
            return .failure(Refusal(response: AdminAnswer.problem(503, "\(error)")))
        }
        guard let stored else { return .failure(Refusal(response: AdminAnswer.problem(404, "no such call"))) }
        guard stored.endedAtUnixMilliseconds == nil else { return .failure(Refusal(response: Self.isOver)) }
        guard let tenant = tenants.snapshot.tenant(id: stored.tenant) else {
            return .failure(
                Refusal(response: AdminAnswer.problem(409, "its tenant is not one of this service any more")))
        }
        return .success(tenant)
    }

    // MARK: Words and transfers

    private func say(_ call: String, _ request: HTTPRequest, _ exchange: any HTTPExchange) {
        do throws(OutboundRequest.Problem) {
            let fields = try JSONFields(request.body, allowed: ["text", "as"])
            let words = try fields.text("text", "what is to be said")
            guard (1...Self.maximumWords).contains(words.count) else {
                throw .init(
                    field: "text", text: "\(words.count) characters; 1 to \(Self.maximumWords) were expected")
            }
            let manner = try fields.optionalText("as", "words or instruction") ?? "words"
            guard manner == "words" || manner == "instruction" else {
                throw .init(
                    field: "as", text: "\(JSONFields.shown(manner)) does not fit; words or instruction was expected")
            }
            deliver(.say(words, isVerbatim: manner == "words"), to: call, exchange)
        } catch { exchange.respond(Self.problem(error)) }
    }

    private func transfer(_ call: String, _ request: HTTPRequest, _ exchange: any HTTPExchange) {
        do throws(OutboundRequest.Problem) {
            let fields = try JSONFields(request.body, allowed: ["to"])
            let name = try fields.text("to", "the name of a destination of the tenant's")
            guard let tenant = tokens.grant(of: call)?.tenant else { return notUp(call, exchange) }
            let names = tenant.tools.transfer.destinations.map(\.name)
            guard names.contains(name) else {
                let expected =
                    names.isEmpty ? "and the tenant has none" : "one of \(names.joined(separator: ", ")) was expected"
                throw .init(
                    field: "to", text: "\(JSONFields.shown(name)) is no destination of the tenant's; \(expected)")
            }
            deliver(.transfer(to: name), to: call, exchange)
        } catch { exchange.respond(Self.problem(error)) }
    }

    private func deliver(_ command: LiveCallCommand, to call: String, _ exchange: any HTTPExchange) {
        guard calls.deliver(command, to: call) else { return notUp(call, exchange) }
        exchange.respond(Self.accepted(call))
    }

    private func notUp(_ call: String, _ exchange: any HTTPExchange) {
        switch owner(of: call) {
        case .failure(let problem): exchange.respond(problem.response)
        case .success: exchange.respond(AdminAnswer.problem(409, "the call has no stream here: nobody would hear it"))
        }
    }

    // MARK: Answers

    private static func accepted(_ call: String) -> HTTPResponse { AdminAnswer.json(202, ["call": call]) }
    private static var isOver: HTTPResponse { AdminAnswer.problem(409, "the call is over") }
    private static func problem(_ problem: OutboundRequest.Problem) -> HTTPResponse {
        AdminAnswer.problem(422, "\(problem.field): \(problem.text)", field: problem.field)
    }
}
