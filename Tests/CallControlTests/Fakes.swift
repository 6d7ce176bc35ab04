@testable import CallControl
import Configuration
import Conversation
import Foundation
import Synchronization
import Testing
import Transport
import TurnStore

/// Keeps the answer, and lets a test wait for it.
final class FakeExchange: HTTPExchange {
    private let state = Mutex<[HTTPResponse]>([])
    func respond(_ response: HTTPResponse) { state.withLock { $0.append(response) } }
    var responses: [HTTPResponse] { state.withLock { $0 } }

    /// The answer, within ten seconds.
    func response() throws -> HTTPResponse {
        for _ in 0..<5_000 {
            if let first = responses.first { return first }
            usleep(2_000)
        }
        throw NoAnswer()
    }
    struct NoAnswer: Error {}
}

final class FakeHandler: WebSocketHandler {
    func webSocketDidOpen(_ socket: WebSocket) {}
    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {}
    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {}
}

/// Takes every call and keeps it, unless told to decline.
final class FakeAcceptor: CallAcceptor {
    let accepted = Mutex<[AcceptedCall]>([])
    let declines = Atomic<Bool>(false)
    func accept(_ call: AcceptedCall, on loop: EventLoop) -> (handler: any WebSocketHandler, options: WebSocketOptions)?
    {
        guard !declines.load(ordering: .relaxed) else { return nil }
        accepted.withLock { $0.append(call) }
        return (FakeHandler(), WebSocketOptions())
    }
    let verdicts = Mutex<[String: [AnsweringParty]]>([:])
    func answered(call: String, by party: AnsweringParty) {
        verdicts.withLock { $0[call, default: []].append(party) }
    }
    let outcomes = Mutex<[String: [ErrandOutcome]]>([:])
    func errandFinished(call: String, _ outcome: ErrandOutcome) {
        outcomes.withLock { $0[call, default: []].append(outcome) }
    }
    var calls: [AcceptedCall] { accepted.withLock { $0 } }
    /// As if every call were over.
    func dropAll() { accepted.withLock { $0.removeAll() } }
}

let authToken = "0123456789abcdef0123456789abcdef"
let account = "AC00000000000000000000000000000001"
let otherAccount = "AC00000000000000000000000000000002"
let clinicNumber = "+15005550001"
let salonNumber = "+15005550002"
let callID = "CA00000000000000000000000000000001"

func makeTenant(
    _ id: String, _ number: String, account: String = account, token: String = authToken, language: String = "en"
) -> Tenant {
    var tenant = Tenant(
        id: id, numbers: [number], accountSid: account, authToken: Secret(token), fallback: .text("Sorry & <goodbye>."))
    tenant.inbound = .init(instructions: "Be brief.")
    tenant.language = language
    return tenant
}

/// A whole public service over a real store, without a socket.
final class Service {
    let directory: String
    let store: TurnStore
    let admission: Admission
    let tokens: StreamTokens
    let acceptor = FakeAcceptor()
    let webhooks: TwilioWebhooks
    /// One for all tests: loops are made one after the other.
    static let loop = Result { try EventLoop(name: "control-tests") }
    let loop: EventLoop
    /// Monotonic nanoseconds, moved by the test.
    let clock = Clock()
    final class Clock: Sendable {
        let time = Atomic<UInt64>(1_000_000_000)
        func advance(seconds: UInt64) { time.wrappingAdd(seconds * 1_000_000_000, ordering: .relaxed) }
    }

    init(_ change: (inout ServiceConfiguration) -> Void = { _ in }, store options: TurnStoreOptions = .init()) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("control-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var configuration = ServiceConfiguration()
        configuration.publicListener.publicURL = "https://bridge.example.com"
        configuration.tenants = [
            makeTenant("clinic", clinicNumber, language: "he"),
            makeTenant("salon", salonNumber, account: otherAccount, token: "another-token"),
        ]
        change(&configuration)
        store = try TurnStore(path: "\(directory)/store.sqlite", options: options)
        admission = Admission(limits: configuration.limits, tenants: configuration.tenants)
        let clock = clock
        tokens = StreamTokens(lifeSeconds: 60, clock: { clock.time.load(ordering: .relaxed) })
        webhooks = TwilioWebhooks(
            configuration: configuration, store: store, admission: admission, tokens: tokens, acceptor: acceptor)
        loop = try Self.loop.get()
    }

    deinit {
        store.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A form POST, signed as the carrier would with `key`; nil leaves the signature out.
    static func form(
        _ path: String, _ pairs: [(String, String)], key: String? = authToken,
        origin: String = "https://bridge.example.com"
    ) -> HTTPRequest {
        let fields = FormFields(pairs.map { .init($0.0, $0.1) })
        var headers = HTTPHeaders([("content-type", "application/x-www-form-urlencoded; charset=UTF-8")])
        if let key {
            headers.append("x-twilio-signature", TwilioSignature.compute(url: origin + path, fields: fields, key: key))
        }
        let body = pairs.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
        return HTTPRequest(method: "POST", target: path, headers: headers, body: Array(body.utf8))
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    static func voiceFields(
        _ call: String = callID, to: String = clinicNumber, account: String = account
    ) -> [(String, String)] {
        [
            ("AccountSid", account), ("ApiVersion", "2010-04-01"), ("CallSid", call), ("CallStatus", "ringing"),
            ("CallerCity", ""), ("Direction", "inbound"), ("From", "+15005550006"), ("To", to),
        ]
    }

    func post(_ request: HTTPRequest) throws -> HTTPResponse {
        let exchange = FakeExchange()
        webhooks.handle(request, exchange)
        return try exchange.response()
    }

    func voice(_ call: String = callID) throws -> HTTPResponse {
        try post(Self.form("/twilio/voice", Self.voiceFields(call)))
    }

    /// The path of the stream in a TwiML answer.
    static func streamPath(_ response: HTTPResponse) throws -> String {
        let match = try #require(try #/<Stream url="wss?://[^/"]+([^"]+)"/#.firstMatch(in: response.text))
        return String(match.1)
    }

    /// An upgrade, signed over its `wss` URL with `key`; nil leaves the signature out.
    func upgrade(_ path: String, key: String? = authToken, signed: String? = nil) -> Upgrade {
        var headers = HTTPHeaders()
        if let key {
            let url = "wss://bridge.example.com" + (signed ?? path)
            headers.append("X-Twilio-Signature", TwilioSignature.compute(url: url, fields: nil, key: key))
        }
        switch webhooks.upgrade(HTTPRequest(method: "GET", target: path, headers: headers), on: loop) {
        case .accept: return .accepted
        case .refuse(let response): return .refused(response.status)
        }
    }
    enum Upgrade: Equatable { case accepted, refused(Int) }

    /// Until the store has written what it was given so far.
    func waitForStore() {
        TwilioWebhooks.lookUps.sync {}
        let done = DispatchSemaphore(value: 0)
        store.appendDurably(.promptChosen(call: "none", hash: "none")) { _ in done.signal() }
        _ = done.wait(timeout: .now() + 10)
    }

    var counters: CallControlCounters { webhooks.counters }
}

extension HTTPResponse { var text: String { String(decoding: body, as: UTF8.self) } }

/// Every order of `items`.
func permutations<Item>(_ items: [Item]) -> [[Item]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index in
        var rest = items
        let item = rest.remove(at: index)
        return permutations(rest).map { [item] + $0 }
    }
}
