import CallControl
import Configuration
import Conversation
import Foundation
import Testing
import Transport
import TurnStore

@Suite struct `Admin service` {
    private func make(
        _ service: Service, host: String = "127.0.0.1", token: Secret? = nil, isReady: Bool = true
    ) -> AdminService {
        var listener = AdminListenerConfiguration()
        (listener.host, listener.token) = (host, token)
        return AdminService(
            listener: listener, reader: service.store.reader, metrics: { "calls_active 1\n" },
            readiness: { .init(isReady: isReady, reasons: isReady ? [] : ["the store cannot be written"]) })
    }

    private func get(
        _ admin: AdminService, _ target: String, host: String? = "127.0.0.1:9090", token: String? = nil
    ) throws -> HTTPResponse {
        var headers = HTTPHeaders()
        if let host { headers.append("Host", host) }
        if let token { headers.append("Authorization", token) }
        let exchange = FakeExchange()
        admin.handle(HTTPRequest(method: "GET", target: target, headers: headers), exchange)
        return try exchange.response()
    }

    @Test func `serves metrics, health and readiness`() throws {
        let service = try Service()
        let admin = make(service)
        let metrics = try get(admin, "/metrics")
        #expect(metrics.text == "calls_active 1\n")
        #expect(metrics.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(try get(admin, "/healthz").text == "ok\n")
        #expect(try get(admin, "/readyz").text == "ready\n")
        let unready = try get(make(service, isReady: false), "/readyz")
        #expect(unready.status == 503 && unready.text == "not ready\nthe store cannot be written\n")
        #expect(try get(admin, "/nothing").status == 404)
    }

    @Test func `shows calls and their turns as JSON`() throws {
        let service = try Service()
        _ = try service.voice("CA1")
        _ = try service.voice("CA2")
        var turn = Turn(index: 0, speaker: .caller, item: nil, startedAt: .init(milliseconds: 40))
        turn.text = "שלום \"world\" 🌊"
        let done = FakeExchange()
        service.store.appendDurably(.turn(call: "CA1", turn)) { _ in done.respond(.text(200, "")) }
        _ = try done.response()
        let admin = make(service)

        struct Listing: Decodable {
            struct Call: Decodable {
                var id: String
                var tenant: String
            }
            var calls: [Call]
        }
        let all = try JSONDecoder().decode(Listing.self, from: Data(try get(admin, "/api/v1/calls").body))
        #expect(Set(all.calls.map(\.id)) == ["CA1", "CA2"])
        let page = try get(admin, "/api/v1/calls?limit=1&offset=0&tenant=clinic")
        #expect(try JSONDecoder().decode(Listing.self, from: Data(page.body)).calls.count == 1)
        #expect(try get(admin, "/api/v1/calls?tenant=salon").text == "{\"calls\":[]}\n")
        let one = try get(admin, "/api/v1/calls/CA1")
        #expect(one.headers["Content-Type"] == "application/json")
        #expect(one.text.contains(#""text":"שלום \"world\" 🌊""#))
        #expect(try get(admin, "/api/v1/calls/CA9").status == 404)
        for query in ["limit=0", "limit=501", "limit=x", "offset=-1", "limit=%"] {
            #expect(try get(admin, "/api/v1/calls?\(query)").status == 400)
        }
    }

    @Test func `a token is needed where one is set`() throws {
        let service = try Service()
        let admin = make(service, host: "0.0.0.0", token: Secret("tok"))
        for path in ["/metrics", "/readyz", "/api/v1/calls", "/nothing"] {
            #expect(try get(admin, path).status == 401)
            #expect(try get(admin, path, token: "Bearer to").status == 401)
            #expect(try get(admin, path, token: "tok").status == 401)
            #expect(try get(admin, path, token: "Bearer tok").status != 401)
        }
        #expect(try get(admin, "/healthz").status == 200)
        #expect(try get(make(service, token: Secret("tok")), "/metrics").status == 401)
    }

    @Test func `without a token only this host by its own name`() throws {
        let service = try Service()
        let admin = make(service)
        for host in ["127.0.0.1", "127.0.0.1:9090", "localhost:1", "LOCALHOST", "[::1]:9090"] {
            #expect(try get(admin, "/metrics", host: host).status == 200, "\(host)")
        }
        for host in ["evil.example", "localhost.evil.example", "127.evil.example", "10.0.0.1", nil] {
            #expect(try get(admin, "/metrics", host: host).status == 401, "\(host ?? "none")")
        }
        #expect(try get(make(service, host: "0.0.0.0"), "/metrics").status == 401)
    }
}
