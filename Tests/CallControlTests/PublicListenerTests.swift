import CallControl
import Configuration
import Foundation
import FoundationNetworking
import Synchronization
import Testing
import Transport

/// The public service behind a real listener: what the carrier really meets.
@Suite struct `Public listener` {
    /// Hears how a client's connection went.
    private final class Client: WebSocketHandler, Sendable {
        enum Outcome: Equatable { case opened, closed(WebSocketClose) }
        private let outcome = Mutex<Outcome?>(nil)
        private func set(_ value: Outcome) { outcome.withLock { if $0 == nil { $0 = value } } }
        func webSocketDidOpen(_ socket: WebSocket) {
            set(.opened)
            socket.close()
        }
        func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {}
        func webSocketDidDrain(_ socket: WebSocket) {}
        func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { set(.closed(close)) }

        func waitForOutcome() async throws -> Outcome? {
            for _ in 0..<2_000 {
                if let outcome = outcome.withLock({ $0 }) { return outcome }
                try await Task.sleep(for: .milliseconds(5))
            }
            return nil
        }
    }

    private final class Connection: @unchecked Sendable {  // `socket` is touched on the loop only.
        var socket: WebSocket?
    }

    private func connect(_ url: String, signature: String?, on loop: EventLoop) async throws -> Client.Outcome? {
        let client = Client(), connection = Connection()
        let headers = signature.map { [(name: "X-Twilio-Signature", value: $0)] } ?? []
        loop.submit {
            connection.socket = try? WebSocket.connect(to: url, headers: headers, on: loop, handler: client)
        }
        let outcome = try await client.waitForOutcome()
        loop.submit { connection.socket = nil }
        return outcome
    }

    @Test func `a signed webhook over a socket opens a signed stream, and nothing else does`() async throws {
        let service = try Service { $0.publicListener.publicURL = nil }
        let loop = service.loop
        loop.start()
        let listener = try Listener(ListenerOptions(), loops: [loop], service: service.webhooks)
        defer { listener.close() }
        service.webhooks.listening(onPort: listener.port)
        let origin = "http://127.0.0.1:\(listener.port)"

        let form = Service.form("/twilio/voice", Service.voiceFields(), origin: origin)
        var request = URLRequest(url: try #require(URL(string: origin + form.target)))
        request.httpMethod = "POST"
        request.httpBody = Data(form.body)
        for (name, value) in form.headers.fields { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.shared.data(for: request)
        #expect((response as? HTTPURLResponse)?.statusCode == 200)
        let answer = HTTPResponse(status: 200, body: Array(data))
        let path = try Service.streamPath(answer)
        let url = "ws://127.0.0.1:\(listener.port)\(path)"
        #expect(answer.text.contains(url))

        request.setValue("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", forHTTPHeaderField: "X-Twilio-Signature")
        let (_, refused) = try await URLSession.shared.data(for: request)
        #expect((refused as? HTTPURLResponse)?.statusCode == 403)

        let signature = TwilioSignature.compute(url: url, fields: nil, key: authToken)
        for (target, given) in [(url, nil), (url, "AAAA"), (url + "0", signature)] {
            let outcome = try await connect(target, signature: given, on: loop)
            guard case .closed(let close) = outcome else {
                Issue.record("\(String(describing: outcome))")
                continue
            }
            #expect(close.cause == .upgradeRefused && close.httpStatus == 403)
        }
        #expect(service.acceptor.calls.isEmpty)
        #expect(try await connect(url, signature: signature, on: loop) == .opened)
        #expect(service.acceptor.calls.count == 1)
        #expect(service.acceptor.calls.first?.remoteAddress.isEmpty == false)
    }
}
