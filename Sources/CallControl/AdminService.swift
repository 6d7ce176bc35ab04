public import Configuration
import Dispatch
import Foundation
public import Transport
public import TurnStore

/// The admin listener's service: metrics, readiness, the calls of the store, and what others add as `AdminRoutes`.
///
/// Answers are made on a queue of its own: a loop thread must not wait for the disk.
public final class AdminService: HTTPService {
    /// Whether new calls are welcome, and why not.
    public struct Readiness: Sendable, Equatable {
        public var isReady: Bool
        /// One line each, for a person.
        public var reasons: [String]
        public init(isReady: Bool, reasons: [String] = []) { (self.isReady, self.reasons) = (isReady, reasons) }
    }

    private let listener: AdminListenerConfiguration
    private let reader: TurnStoreReader
    private let metrics: @Sendable () -> String
    private let readiness: @Sendable () -> Readiness
    private let routes: [any AdminRoutes]
    private let queue = DispatchQueue(label: "admin")

    /// - Parameters:
    ///   - metrics: Prometheus text.
    ///   - readiness: asked for each `/readyz`.
    ///   - routes: asked in order, before the paths of this service.
    public init(
        listener: AdminListenerConfiguration, reader: TurnStoreReader, metrics: @escaping @Sendable () -> String,
        readiness: @escaping @Sendable () -> Readiness, routes: [any AdminRoutes] = []
    ) {
        (self.listener, self.reader, self.routes) = (listener, reader, routes)
        (self.metrics, self.readiness) = (metrics, readiness)
    }

    public func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        .refuse(.text(404, "not found\n"))
    }

    public func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
        // Liveness tells nobody anything.
        if request.path == "/healthz" { return exchange.respond(.text(200, "ok\n")) }
        guard isAllowed(request) else {
            return exchange.respond(
                HTTPResponse(
                    status: 401, headers: .init([("WWW-Authenticate", "Bearer"), ("Content-Type", "text/plain")]),
                    body: Array("a bearer token was expected\n".utf8)))
        }
        queue.async { [self] in
            for route in routes where route.answer(request, exchange) { return }
            guard request.method == "GET" else { return exchange.respond(AdminAnswer.methodNotAllowed("GET")) }
            exchange.respond(answer(request))
        }
    }

    /// Without a token only somebody on this host is answered, who also calls it by a name of this host: a web page
    /// must not read transcripts by having its own name resolve to 127.0.0.1.
    private func isAllowed(_ request: HTTPRequest) -> Bool {
        if let token = listener.token {
            let given = request.headers["Authorization"] ?? ""
            return Cryptography.areEqual(given.utf8, "Bearer \(token.reveal())".utf8)
        }
        guard listener.isLoopback, let host = request.headers["Host"]?.lowercased() else { return false }
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        let isIPv4 = name.allSatisfy { $0.isNumber || $0 == "." }
        return name == "localhost" || name == "[::1]" || isIPv4 && name.hasPrefix("127.")
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        switch request.path {
        case "/metrics": return .text(200, metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        case "/readyz":
            let readiness = readiness()
            let lines = [readiness.isReady ? "ready" : "not ready"] + readiness.reasons
            return .text(readiness.isReady ? 200 : 503, lines.joined(separator: "\n") + "\n")
        case "/api/v1/calls": return calls(request)
        case let path where path.hasPrefix("/api/v1/calls/"):
            return call(String(path.dropFirst("/api/v1/calls/".count)))
        default: return .text(404, "not found\n")
        }
    }

    private func calls(_ request: HTTPRequest) -> HTTPResponse {
        guard let query = FormFields(body: Array(request.query.utf8)) else {
            return .text(400, "the query is not well-formed\n")
        }
        var limit = 50, offset = 0
        if let text = query["limit"] {
            guard let number = Int(text), (1...500).contains(number) else {
                return .text(400, "limit: a whole number from 1 to 500 was expected\n")
            }
            limit = number
        }
        if let text = query["offset"] {
            guard let number = Int(text), number >= 0 else {
                return .text(400, "offset: a whole number, 0 or more, was expected\n")
            }
            offset = number
        }
        let (first, skipped) = (limit, offset)
        return json {
            ["calls": try reader.calls(limit: first, offset: skipped, tenant: query.nonEmpty("tenant"))]
        }
    }

    private func call(_ id: String) -> HTTPResponse {
        do throws(StoreError) {
            guard let call = try reader.call(id) else { return .text(404, "no such call\n") }
            return json { call }
        } catch { return .text(503, "\(error)\n") }
    }

    private func json(_ value: () throws -> some Encodable) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return HTTPResponse(
                status: 200, headers: .init([("Content-Type", "application/json")]),
                body: Array(try encoder.encode(try value())) + [0x0A])
        } catch { return .text(503, "\(error)\n") }
    }
}
