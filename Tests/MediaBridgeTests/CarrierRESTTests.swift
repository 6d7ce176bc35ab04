import CallControl
import Configuration
import Foundation
#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif
import Testing
import Transport

@testable import MediaBridge

@Suite struct `Carrier REST` {
    private static let tenant = Tenant(
        id: "t", numbers: [ServiceRig.number], accountSid: ServiceRig.account, authToken: Secret(ServiceRig.authToken),
        fallback: .text("Sorry."))

    private func rest(_ server: FakeHTTPServer, timeoutMilliseconds: Int = 10_000) -> CarrierREST {
        CarrierREST(
            origin: server.url, requests: OutgoingRequests(), timeoutMilliseconds: timeoutMilliseconds,
            waitMilliseconds: 5)
    }
    private func end(_ server: FakeHTTPServer, call: String = "CA1", tenant: Tenant = tenant) async
        -> Result<Void, CarrierRESTError>
    {
        await withCheckedContinuation { done in rest(server).end(call, of: tenant) { done.resume(returning: $0) } }
    }
    private func redirect(_ server: FakeHTTPServer, timeoutMilliseconds: Int = 10_000) async
        -> Result<Void, CarrierRESTError>
    {
        await withCheckedContinuation { done in
            rest(server, timeoutMilliseconds: timeoutMilliseconds).redirect(
                "CA1", of: Self.tenant, to: "<Response/>"
            ) { done.resume(returning: $0) }
        }
    }

    @Test func `a call is ended and fetched, with the tenant's own account and token`() async throws {
        try await withFakeServer({ request, _ in
            .now(200, request.method == "GET" ? #"{"status":"in-progress"}"# : "{}")
        }) { server in
            try await end(server).get()
            let state = await withCheckedContinuation { done in
                rest(server).fetch("CA1", of: Self.tenant) { done.resume(returning: $0) }
            }
            #expect(try state.get().status == "in-progress")
            #expect(server.requests.map(\.text) == ["Status=completed", ""])
            #expect(server.requests[0].headers["Content-Type"] == "application/x-www-form-urlencoded")
        }
    }

    @Test func `throttled and failing requests are repeated where twice is once, three times in all`() async throws {
        try await withFakeServer({ _, place in place < 2 ? .now(place == 0 ? 429 : 503, "{}") : .now(200, "{}") }) {
            server in
            try await end(server).get()
            #expect(server.requests.count == 3)
        }
        try await withFakeServer({ _, _ in .now(503, #"{"code":20500}"#) }) { server in
            let result = await end(server)
            #expect(throws: CarrierRESTError(cause: .refused, status: 503, code: 20_500)) { try result.get() }
            #expect(server.requests.count == 3)
        }
        try await withFakeServer({ _, _ in .now(503, "{}") }) { server in
            let result = await redirect(server)
            #expect(throws: CarrierRESTError(cause: .refused, status: 503)) { try result.get() }
            #expect(server.requests.count == 1, "a transfer may have begun")
        }
        try await withFakeServer({ _, place in place == 0 ? .now(429, "{}") : .now(200, "{}") }) { server in
            try await redirect(server).get()
            #expect(server.requests.count == 2)
        }
    }

    @Test func `a call that is over, silence, and a redirect elsewhere are told apart, and hold no secret`()
        async throws
    {
        try await withFakeServer({ _, _ in .now(400, #"{"code":21220,"message":"Call +1500 is not in-progress"}"#) }) {
            server in
            let result = await redirect(server)
            #expect(throws: CarrierRESTError(cause: .callOver, status: 400, code: 21_220)) { try result.get() }
        }
        try await withFakeServer({ _, _ in .never }) { server in
            let result = await redirect(server, timeoutMilliseconds: 300)
            #expect(throws: CarrierRESTError(cause: .timedOut)) { try result.get() }
        }
        try await withFakeServer({ _, _ in .now(307, "", headers: [("Location", "http://localhost:1/")]) }) { server in
            let result = await end(server)
            #expect(throws: CarrierRESTError(cause: .unreachable)) { try result.get() }
        }
        let shown = "\(CarrierRESTError(cause: .refused, status: 401, code: 20_003))"
        #expect(shown == "carrier REST: refused, HTTP 401, code 20003")
    }

    @Test func `nothing of a call changes where the token goes`() async throws {
        try await withFakeServer({ _, _ in .now(200, "{}") }) { server in
            for call in ["", "../../x", "CA1/Recordings", "CA1?x=", "CA 1", "CA1#"] {
                let result = await end(server, call: call)
                #expect(throws: CarrierRESTError(cause: .notPossible)) { try result.get() }
            }
            var poor = Self.tenant
            poor.authToken = nil
            let result = await end(server, tenant: poor)
            #expect(throws: CarrierRESTError(cause: .notPossible)) { try result.get() }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `R14 more requests than may run are refused at once`() async throws {
        try await withFakeServer({ _, _ in .after(milliseconds: 300, 200, "{}") }) { server in
            let requests = OutgoingRequests(capacity: 1)
            let request = URLRequest(url: URL(string: server.url)!)
            async let first = withCheckedContinuation { done in
                requests.send(request, timeoutMilliseconds: 5_000, maximumBytes: 100) { done.resume(returning: $0) }
            }
            try await eventually("the first to run") { requests.count == 1 }
            let second = await withCheckedContinuation { done in
                requests.send(request, timeoutMilliseconds: 5_000, maximumBytes: 100) { done.resume(returning: $0) }
            }
            #expect(second == .failure(.busy))
            #expect(await first == .success(.init(status: 200, body: Array("{}".utf8))))
            try await eventually("the place to be free") { requests.count == 0 }
        }
    }
}
