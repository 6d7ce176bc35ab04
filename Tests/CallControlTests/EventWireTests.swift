import Configuration
import Conversation
import Foundation
import Testing
import TurnStore

@testable import CallControl

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite struct `What an event looks like` {
    private static func tenant(_ change: (inout EventSettings) -> Void = { _ in }) -> Tenant {
        var tenant = Tenant(
            id: "clinic", numbers: [clinicNumber], accountSid: account, authToken: nil, fallback: .text("Sorry."))
        var events = EventSettings(url: "https://crm.example/hook", secret: Secret("0123456789abcdef"))
        change(&events)
        tenant.events = events
        return tenant
    }

    private static func turn() -> Turn {
        var turn = Turn(index: 3, speaker: .caller, item: nil, startedAt: CallInstant(milliseconds: 1_200))
        turn.endedAt = CallInstant(milliseconds: 2_000)
        (turn.text, turn.textSource) = ("My number is 5550006.", .transcribed)
        return turn
    }

    @Test func `the body is the documented one, to the byte`() throws {
        let body = try #require(EventBody(call: "CA1", tenant: Self.tenant()))
        let event = try #require(body.turn(Self.turn(), at: 1_700_000_000_123))
        #expect(event.key == "CA1-turn-3")
        #expect(
            event.body == """
                {"call":"CA1","data":{"characters":21,"endedMilliseconds":2000,"index":3,"speaker":"caller",\
                "startedMilliseconds":1200,"textSource":"transcribed"},"id":"CA1-turn-3","tenant":"clinic",\
                "timestamp":"2023-11-14T22:13:20.123Z","type":"call.turn","version":1}
                """)
        let told = try #require(EventBody(call: "CA1", tenant: Self.tenant { $0.includesText = true }))
        #expect(told.turn(Self.turn(), at: 0)?.body.contains(#""text":"My number is 5550006.""#) == true)
    }

    @Test func `a tenant is told the kinds it wants, and nothing without a webhook`() throws {
        let body = try #require(EventBody(call: "CA1", tenant: Self.tenant { $0.kinds = [.callEnded] }))
        #expect(body.turn(Self.turn(), at: 0) == nil)
        let end = CallEnd(call: "CA1", reason: "callerHungUp", endedAtUnixMilliseconds: 5)
        #expect(body.ended(end, durationMilliseconds: 4)?.key == "CA1-ended")
        var without = Self.tenant()
        without.events = nil
        #expect(EventBody(call: "CA1", tenant: without) == nil)
    }

    @Test func `kinds are called the same in the file, the store and the body`() {
        #expect(EventSettings.Kind.allCases.map(\.rawValue) == OutgoingEvent.Kind.allCases.map(\.rawValue))
    }

    /// The key, message and signature of the convention's own libraries (standard-webhooks, javascript/src/index.test.ts).
    @Test func `signs as the libraries of the convention do`() {
        let header = EventSignature.header(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: #"{"test": 2432232314}"#,
            secrets: [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])
        #expect(header == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `while secrets are changed both sign`() throws {
        var settings = EventSettings(url: "https://crm.example/hook", secret: Secret("0123456789abcdef"))
        settings.otherSecret = Secret("fedcba9876543210")
        let event = OutgoingEvent(call: nil, tenant: "t", kind: .turn, key: "k", body: "{}", at: 0)
        let request = try #require(WebhookSender.request(event, to: settings, at: 5_999))
        let signatures = try #require(request.value(forHTTPHeaderField: "webhook-signature")).split(separator: " ")
        #expect(signatures.count == 2 && signatures[0] != signatures[1])
        #expect(request.value(forHTTPHeaderField: "webhook-timestamp") == "5")
        #expect(request.value(forHTTPHeaderField: "webhook-id") == "k")
    }

    @Test(arguments: [
        ("10.1.2.3", EventAddress.Reach.inside), ("127.0.0.1", .inside), ("172.16.0.1", .inside),
        ("172.32.0.1", .open), ("192.168.1.1", .inside), ("100.64.0.1", .inside), ("169.254.169.254", .never),
        ("0.0.0.0", .never), ("224.0.0.1", .never), ("8.8.8.8", .open), ("::1", .inside), ("::", .never),
        ("fe80::1", .never), ("fd00::1", .inside), ("ff02::1", .never), ("2606:4700::1111", .open),
        ("::ffff:10.0.0.1", .inside), ("::ffff:169.254.169.254", .never), ("64:ff9b::a9fe:a9fe", .never),
        ("2002:7f00:1::", .inside), ("::ffff:8.8.8.8", .open),
    ])
    func `SSRF an address is refused for what it is, whatever it wears`(text: String, reach: EventAddress.Reach) throws
    {
        let bytes = try #require(EventAddress.bytes(of: text))
        #expect(EventAddress.reach(of: bytes) == reach)
    }

    @Test func `SSRF a webhook inside needs leave, and a machine's credentials are never reached`() {
        #expect(EventAddress.refusal(of: [[8, 8, 8, 8], [10, 0, 0, 1]], isInsideAllowed: false) != nil)
        #expect(EventAddress.refusal(of: [[10, 0, 0, 1]], isInsideAllowed: true) == nil)
        #expect(EventAddress.refusal(of: [[169, 254, 169, 254]], isInsideAllowed: true) != nil)
        var settings = EventSettings(url: "https://10.0.0.1/hook", secret: Secret("0123456789abcdef"))
        #expect(EventAddress.refusal(of: settings) == "the name leads into a private network")
        settings.url = "http://127.0.0.1:9/hook"
        #expect(EventAddress.refusal(of: settings) == nil, "written out in the file")
        // Other spellings of addresses are resolved before they are judged.
        for url in ["http://2130706433/", "http://0x7f.1/"] {
            settings.url = url
            #expect(EventAddress.refusal(of: settings) != nil, "\(url)")
        }
    }

    @Test func `Retry-After is seconds or a date`() {
        #expect(EventRetry.asked("120", at: 0) == 120_000)
        #expect(EventRetry.asked("Wed, 21 Oct 2015 07:28:00 GMT", at: 1_445_412_450_000) == 30_000)
        #expect(EventRetry.asked("soon", at: 0) == nil && EventRetry.asked(nil, at: 0) == nil)
    }

    @Test func `waits are bounded, seeded and spread`() {
        var retry = EventRetry()
        retry.seed = 7
        for attempts in 1...200 {
            let wait = retry.wait(event: 5, attempts: attempts)
            #expect((1_000...3_600_000).contains(wait))
            #expect(wait == retry.wait(event: 5, attempts: attempts))
        }
        #expect(Set((0..<100).map { retry.wait(event: $0, attempts: 8) }).count > 90)
        #expect(retry.wait(event: 1, attempts: 1, asked: .max) == retry.longestAskedMilliseconds)
    }
}
