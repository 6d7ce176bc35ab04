import CallControl
import Configuration
import Foundation
import Synchronization
import Testing
import Transport

@testable import CarrierPhone
@testable import MediaBridge

/// The carrier's REST interface and what follows from it: told to make a call, it plays the carrier, as a test wants.
final class ScriptedDialler: Sendable {
    /// One request to make a call.
    struct Order: Sendable {
        var call: String
        var form: [(name: String, value: String)]
        subscript(_ name: String) -> String { form.first { $0.name == name }?.value ?? "" }
        func all(_ name: String) -> [String] { form.filter { $0.name == name }.map(\.value) }
    }

    let server: FakeHTTPServer

    /// - Parameter answer: to the n-th request to make a call, from 0; nil: 201 with the call's id.
    init(
        listing: @escaping @Sendable ([Order]) -> String = { _ in #"{"calls":[]}"# },
        answering answer: @escaping @Sendable (Int) -> FakeHTTPServer.Answer? = { _ in nil }
    ) throws {
        let kept = Kept()
        server = try FakeHTTPServer { request, _ in
            let isCreation = request.method == "POST" && request.path.hasSuffix("/Calls.json")
            guard isCreation else {
                if request.method == "GET" { return .now(200, listing(kept.orders.withLock { $0 })) }
                return .now(200, #"{"status":"completed"}"#)
            }
            let order = Order(call: ServiceRig.newCall(), form: Self.form(request.text))
            let place = kept.orders.withLock { orders in
                orders.append(order)
                return orders.count - 1
            }
            return answer(place) ?? .now(201, #"{"sid":"\#(order.call)","status":"queued"}"#)
        }
        self.kept = kept
    }

    private final class Kept: Sendable { let orders = Mutex<[Order]>([]) }
    private let kept: Kept
    var orders: [Order] { kept.orders.withLock { $0 } }

    static func form(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(halves[0]), String(halves.last ?? "").removingPercentEncoding ?? "")
        }
    }

    /// What the carrier's webhooks of an outbound call say.
    static func webhook(_ order: Order, _ more: [(String, String)]) -> [(name: String, value: String)] {
        let names = Set(more.map(\.0))
        let usual = [
            ("AccountSid", ServiceRig.account), ("ApiVersion", "2010-04-01"), ("CallSid", order.call),
            ("CallStatus", "in-progress"), ("Direction", "outbound-api"), ("From", order["From"]), ("To", order["To"]),
        ]
        return usual.filter { !names.contains($0.0) } + more
    }

    @discardableResult
    static func post(_ url: String, _ order: Order, _ more: [(String, String)]) async throws -> FormPost.Answer {
        try await FormPost(
            url: url, form: webhook(order, more), authToken: ServiceRig.authToken, trustedAuthoritiesFile: nil
        ).send()
    }
}

extension ServiceRig {
    static let operatorToken = "operator-4711"

    /// A request to the admin API, with its token.
    func api(
        _ method: String, _ path: String, _ body: [String: String]? = nil, key: String? = nil,
        token: String? = ServiceRig.operatorToken
    ) async throws -> (status: Int, object: [String: Any], text: String) {
        var request = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        if let token { request += "Authorization: Bearer \(token)\r\n" }
        if let key { request += "Idempotency-Key: \(key)\r\n" }
        var bytes: [UInt8] = []
        if let body {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            bytes = Array(try encoder.encode(body))
        }
        if method == "POST" { request += "Content-Type: application/json\r\n" }
        request += "Content-Length: \(bytes.count)\r\n\r\n"
        let whole = Array(request.utf8) + bytes
        let url = "http://127.0.0.1:\(service.adminPort)"
        let answer: FormPost.Answer? = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let connection = try PlainOrTLSConnection(
                            try WebAddress(url, schemes: ["http"], field: "admin"), trustedAuthoritiesFile: nil,
                            deadlineSeconds: 30)
                        try connection.write(whole)
                        return FormPost.answer(try connection.readToEnd(maximum: 1 << 20))
                    })
            }
        }
        let text = String(decoding: answer?.body ?? [], as: UTF8.self)
        let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return (answer?.status ?? 0, object ?? [:], text)
    }

    /// Asks for a call of the first tenant's.
    func dial(
        _ to: String = "+15005550006", key: String, _ more: [String: String] = [:]
    ) async throws -> (status: Int, object: [String: Any], text: String) {
        let body = ["tenant": service.configuration.tenants[0].id, "to": to].merging(more) { $1 }
        return try await api("POST", "/api/v1/calls", body, key: key)
    }

    var placesTaken: Int { service.running?.admission.active ?? -1 }
}
