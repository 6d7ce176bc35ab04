import Foundation
import Synchronization
import Transport

@testable import CarrierPhone

/// A bridge of a few lines: answers the webhook with TwiML, takes the stream, and does what its script says.
final class TestBridge: HTTPService {
    /// What the agent's side does.
    struct Script: Sendable {
        /// Sent whole, at once, when the stream starts: mu-law.
        var greeting: [UInt8] = []
        /// Clears as soon as the caller is loud.
        var clearsOnSpeech = false
        /// Says this after a key.
        var answerToKey: [UInt8] = []
        /// Closes the stream when the mark of its greeting comes back.
        var closesAfterGreeting = false
        /// Messages sent as they are after the start.
        var raw: [String] = []
        var refusesUpgrade = false
        /// Says this as well, once so many milliseconds have passed since the start.
        var later: (audio: [UInt8], milliseconds: UInt64)?
    }

    struct Record: Sendable {
        var requests: [HTTPRequest] = []
        var upgrade: HTTPRequest?
        /// Messages of all streams, as they came, with their time.
        var messages: [(at: UInt64, text: String)] = []
        var closes: [WebSocketClose] = []
        var handlers: [StreamHandler] = []

        func of(_ event: String) -> [[String: Any]] {
            messages.compactMap { try? JSONSerialization.jsonObject(with: Data($0.text.utf8)) as? [String: Any] }
                .filter { $0["event"] as? String == event }
        }
    }

    let record = Mutex(Record())
    let script: Script
    /// By path.
    let answers: [String: HTTPResponse]

    init(_ script: Script = .init(), answers: [String: HTTPResponse] = [:]) {
        (self.script, self.answers) = (script, answers)
    }

    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
        record.withLock { $0.requests.append(request) }
        exchange.respond(answers[String(request.path)] ?? .text(204, ""))
    }

    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        let handler = StreamHandler(self)
        record.withLock { record in
            record.upgrade = request
            record.handlers.append(handler)
        }
        return script.refusesUpgrade ? .refuse(.text(403, "no")) : .accept(handler, .init())
    }

    /// One stream, on its loop's thread.
    final class StreamHandler: WebSocketHandler, @unchecked Sendable {
        private let bridge: TestBridge
        private var streamSid = ""
        private var cleared = false
        private var timer: LoopTimer?

        init(_ bridge: TestBridge) { self.bridge = bridge }

        func webSocketDidOpen(_ socket: WebSocket) {}
        func webSocketDidDrain(_ socket: WebSocket) {}
        func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
            bridge.record.withLock { $0.closes.append(close) }
        }

        func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
            var bytes: [UInt8] = []
            for index in message.indices { bytes.append(message[index]) }
            let text = String(decoding: bytes, as: UTF8.self)
            bridge.record.withLock { $0.messages.append((EventLoop.now, text)) }
            guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { return }
            switch object["event"] as? String {
            case "start":
                streamSid = object["streamSid"] as? String ?? ""
                say(bridge.script.greeting, on: socket)
                if !bridge.script.greeting.isEmpty { mark("greeting", on: socket) }
                if let later = bridge.script.later {
                    timer = try? socket.loop.makeTimer { [weak self, weak socket] _ in
                        if let socket { self?.say(later.audio, on: socket) }
                    }
                    timer?.schedule(at: EventLoop.now + later.milliseconds * 1_000_000)
                }
                for text in bridge.script.raw {
                    socket.sendText(text.replacingOccurrences(of: "SID", with: streamSid))
                }
            case "media":
                guard bridge.script.clearsOnSpeech, !cleared, let media = object["media"] as? [String: Any],
                    let payload = media["payload"] as? String, let audio = Data(base64Encoded: payload),
                    audio.contains(where: { $0 & 0x7F < 0x40 })
                else { return }
                cleared = true
                socket.sendText(#"{"event":"clear","streamSid":"\#(streamSid)"}"#)
            case "dtmf": say(bridge.script.answerToKey, on: socket)
            case "mark" where bridge.script.closesAfterGreeting: socket.close()
            default: break
            }
        }

        private func say(_ audio: [UInt8], on socket: WebSocket) {
            for start in stride(from: 0, to: audio.count, by: 1_600) {
                let payload = Data(audio[start..<min(start + 1_600, audio.count)]).base64EncodedString()
                socket.sendText(#"{"event":"media","streamSid":"\#(streamSid)","media":{"payload":"\#(payload)"}}"#)
            }
        }

        private func mark(_ name: String, on socket: WebSocket) {
            socket.sendText(#"{"event":"mark","streamSid":"\#(streamSid)","mark":{"name":"\#(name)"}}"#)
        }
    }
}

/// The loops of every test here: made once, one after the other, before the first connection.
struct TestLoops: Sendable {
    let phone: EventLoop, server: EventLoop

    static let shared = Swift.Result {
        let loops = TestLoops(phone: try EventLoop(name: "phone"), server: try EventLoop(name: "bridge"))
        loops.phone.start()
        loops.server.start()
        return loops
    }
}

/// A bridge's listener for the length of a test, and the loop for its phones.
func withBridge<Result>(
    _ bridge: TestBridge, tls: TLSIdentity? = nil,
    _ body: (_ loop: EventLoop, _ authority: String) async throws -> Result
) async throws -> Result {
    let loops = try TestLoops.shared.get()
    var options = ListenerOptions()
    options.tls = tls
    let listener = try Listener(options, loops: [loops.server], service: bridge)
    defer { listener.close() }
    return try await body(loops.phone, "127.0.0.1:\(listener.port)")
}

func xml(_ text: String) -> HTTPResponse { .text(200, text, type: "text/xml") }
