import CallControl
import Configuration
import Foundation
import Synchronization
import Testing
import Transport
import TurnStore

@testable import MediaBridge

/// The operator's own webhook, told of whole calls by a service over real sockets.
@Suite struct `Events for operators` {
    private static let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    private static func plan(
        _ server: FakeHTTPServer, _ change: @escaping @Sendable (inout EventSettings) -> Void = { _ in }
    )
        -> RigPlan
    {
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 300))))
        let url = server.url + "/hook"
        plan.configure = { configuration in
            var events = EventSettings(url: url, secret: secret)
            events.includesText = true
            change(&events)
            configuration.tenants[0].events = events
            configuration.tenants[0].recordingEnabled = true
        }
        plan.events.retry.firstMilliseconds = 40
        plan.events.timeoutMilliseconds = 3_000
        return plan
    }

    /// Greeting, one more sentence, and the caller hangs up.
    /// - Returns: the call's id.
    private static func wholeCall(_ rig: ServiceRig) async throws -> String {
        let (carrier, session) = try await rig.listeningCall()
        try await eventually("the greeting to be a turn") { rig.witness[carrier.call].turns.count == 1 }
        session.speak(ScriptedModel.hum(milliseconds: 300), text: "And something else.")
        for frame in 0..<50 { carrier.media(CallerSound.quiet(frame), at: frame * 20) }
        try await eventually("the sentence to be a turn") { rig.witness[carrier.call].turns.count == 2 }
        carrier.stop()
        _ = try await rig.ended(carrier.call)
        return carrier.call
    }

    private static func id(_ request: HTTPRequest) -> String { request.headers["webhook-id"] ?? "" }

    private static func kinds(_ requests: [HTTPRequest]) -> [String] {
        requests.map { request in
            let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
            return body?["type"] as? String ?? "?"
        }
    }

    /// Each request is signed for what it holds, and every attempt of an event is the same event.
    private static func expectSound(_ requests: [HTTPRequest], call: String) {
        var bodies: [String: String] = [:]
        for request in requests {
            let (id, body) = (id(request), String(decoding: request.body, as: UTF8.self))
            #expect(id.hasPrefix(call + "-") && request.method == "POST" && request.target == "/hook")
            let timestamp = Int64(request.headers["webhook-timestamp"] ?? "") ?? 0
            #expect(abs(Double(timestamp) - Date().timeIntervalSince1970) < 300)
            #expect(
                request.headers["webhook-signature"]
                    == EventSignature.header(id: id, timestamp: timestamp, body: body, secrets: [secret]))
            #expect(bodies[id] == nil || bodies[id] == body, "\(id) came with another body")
            bodies[id] = body
        }
    }

    @Test
    func `a whole call is told once each, in order, signed, past a server that fails, hangs and points elsewhere`()
        async throws
    {
        // Of the places at which a request succeeds: what a receiver that keeps its word has accepted.
        let accepted = Mutex<[Int]>([])
        let answer: @Sendable (HTTPRequest, Int) -> FakeHTTPServer.Answer = { _, place in
            switch place {
            case 0: return .now(500, "no")
            case 1: return .never
            case 3: return .now(302, "", headers: [("Location", "http://127.0.0.1:1/elsewhere")])
            case 5: return .now(429, "", headers: [("Retry-After", "1")])
            default:
                accepted.withLock { $0.append(place) }
                return .now(200, "")
            }
        }
        try await withFakeServer(answer) { server in
            try await withService(Self.plan(server)) { rig in
                let call = try await Self.wholeCall(rig)
                try await eventually("the recording's event to be delivered") {
                    let requests = server.requests
                    let ids = Set(accepted.withLock { $0 }.map { Self.id(requests[$0]) })
                    return ids.contains(call + "-ended") && ids.contains(call + "-recording")
                }
                let requests = server.requests
                Self.expectSound(requests, call: call)
                let taken = accepted.withLock { $0 }.map { requests[$0] }
                let ids = taken.map(Self.id)
                #expect(Set(ids).count == ids.count, "once each: \(ids)")
                #expect(ids.first == call + "-started")
                #expect(ids.contains(call + "-turn-0") && ids.contains(call + "-turn-1"))
                let kinds = Self.kinds(taken)
                #expect(
                    kinds.filter { $0 != "recording.ready" }
                        == ["call.started"] + kinds.filter { $0 == "call.turn" } + ["call.ended"], "\(kinds)")
                // The order in which they happened, which is the outbox's.
                try await eventually("all to be marked delivered") {
                    ((try? TurnStore.openReadOnly(rig.folder + "/store.sqlite").outbox(state: .waiting)) ?? []).isEmpty
                }
                let kept = try TurnStore.openReadOnly(rig.folder + "/store.sqlite").outbox(state: .delivered)
                #expect(kept.map(\.event.key) == ids)
                #expect(taken.contains { $0.text.contains(#""text":"#) })
                #expect(rig.metric(#"media_bridge_webhook_events_total{outcome="delivered"}"#) == ids.count)
                #expect(rig.metric(#"media_bridge_webhook_events_total{outcome="retried"}"#) == 4)
                #expect(rig.metric(#"media_bridge_webhook_events_total{outcome="dead"}"#) == 0)
            }
        }
    }

    @Test func `events that wait when the service stops are delivered by the next one, in order`() async throws {
        let isUp = Atomic<Bool>(false)
        let accepted = Mutex<[String]>([])
        let answer: @Sendable (HTTPRequest, Int) -> FakeHTTPServer.Answer = { request, _ in
            guard isUp.load(ordering: .relaxed) else { return .now(503, "") }
            accepted.withLock { $0.append(Self.id(request)) }
            return .now(204, "")
        }
        try await withFakeServer(answer) { server in
            try await withService(Self.plan(server)) { rig in
                let call = try await Self.wholeCall(rig)
                try await eventually("attempts") { server.requests.count >= 2 }
                // Only the first is tried: the others are its followers.
                #expect(Set(server.requests.map(Self.id)) == [call + "-started"])
                rig.service.stop()
                isUp.store(true, ordering: .relaxed)
                let path = rig.folder + "/store.sqlite"
                let waiting = try TurnStore.openReadOnly(path).outbox(state: .waiting).map(\.event.key)
                #expect(waiting.count >= 4 && waiting.first == call + "-started")

                let next = Service(configuration: rig.service.configuration)
                next.eventTimes = rig.service.eventTimes
                try next.start()
                defer { next.stop() }
                try await eventually("all of them") { accepted.withLock { $0.count } >= waiting.count }
                #expect(accepted.withLock { $0 } == waiting)
                Self.expectSound(server.requests, call: call)
            }
        }
    }

    @Test func `a webhook that never answers delays no call, and a tenant without one has no events`() async throws {
        try await withFakeServer({ _, _ in .never }) { server in
            let plan = Self.plan(server) { $0.kinds = [.callStarted] }
            try await withService(plan) { rig in
                _ = try await Self.wholeCall(rig)
                let reader = try TurnStore.openReadOnly(rig.folder + "/store.sqlite")
                try await eventually("it to be stored") { (try? reader.calls())?.first?.endReason != nil }
                #expect(try reader.outbox().allSatisfy { $0.event.kind == .callStarted })
            }
        }
        try await withService(RigPlan(.scripted(.init(speech: nil)), greets: false)) { rig in
            let carrier = try await rig.startedCall()
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            let reader = try TurnStore.openReadOnly(rig.folder + "/store.sqlite")
            try await eventually("it to be stored") { (try? reader.call(carrier.call))??.endReason != nil }
            #expect(try reader.outbox().isEmpty)
        }
    }
}
