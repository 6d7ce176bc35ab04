import Foundation
import Synchronization
import Testing
import Transport

/// Somebody else's HTTP server on loopback: a tenant's tool, or the carrier's REST interface.
final class FakeHTTPServer: HTTPService, Sendable {
    enum Answer: Sendable {
        case now(Int, String, headers: [(String, String)])
        case after(milliseconds: Int, Int, String)
        /// The exchange is kept and never answered.
        case never

        static func now(_ status: Int, _ body: String) -> Answer { .now(status, body, headers: []) }
    }

    private struct State {
        var requests: [HTTPRequest] = []
        var kept: [any HTTPExchange] = []
        var listener: Listener?
    }

    private let loop: EventLoop
    private let state = Mutex(State())
    private let answer: @Sendable (HTTPRequest, Int) -> Answer

    /// - Parameter answer: to a request, given its place from 0.
    init(_ answer: @escaping @Sendable (HTTPRequest, Int) -> Answer) throws {
        self.answer = answer
        loop = try EventLoop(name: "somebody")
        loop.start()
        var options = ListenerOptions()
        options.limits.maximumBodyBytes = 16 * 1024 * 1024  // Sound to be transcribed.
        let listener = try Listener(options, loops: [loop], service: self)
        state.withLock { $0.listener = listener }
    }

    var url: String { "http://127.0.0.1:\(state.withLock { $0.listener?.port ?? 0 })" }
    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func stop() {
        state.withLock { state in
            state.listener?.close()
            state.listener = nil
        }
        loop.stop()
    }

    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
        let place = state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        switch answer(request, place) {
        case .now(let status, let body, let headers):
            exchange.respond(
                HTTPResponse(
                    status: status, headers: .init(headers + [("Content-Type", "application/json")]),
                    body: Array(body.utf8)))
        case .after(let milliseconds, let status, let body):
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                exchange.respond(.text(status, body, type: "application/json"))
            }
        case .never: state.withLock { $0.kept.append(exchange) }
        }
    }

    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision { .refuse(.text(404, "no\n")) }
}

extension HTTPRequest {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// `body` with such a server, which is stopped afterwards.
func withFakeServer(
    _ answer: @escaping @Sendable (HTTPRequest, Int) -> FakeHTTPServer.Answer,
    _ body: (FakeHTTPServer) async throws -> Void
) async throws {
    let server = try FakeHTTPServer(answer)
    defer { server.stop() }
    try await body(server)
}

extension ModelSession {
    /// The model answers by itself: with sound, or none, and with calls of tools.
    func use(
        _ tools: [(call: String, name: String, arguments: String)], response: String = "resp_t1", audio: [UInt8] = []
    ) {
        send(#"{"type":"response.created","response":{"id":"\#(response)","status":"in_progress"}}"#)
        let ids = #""response_id":"\#(response)","item_id":"item_\#(response)","output_index":0,"content_index":0"#
        for start in stride(from: 0, to: audio.count, by: 1_600) {
            let delta = Self.base64(audio[start..<min(start + 1_600, audio.count)])
            send(#"{"type":"response.output_audio.delta",\#(ids),"delta":"\#(delta)"}"#)
        }
        if !audio.isEmpty { send(#"{"type":"response.output_audio.done",\#(ids)}"#) }
        for tool in tools { sendCall(tool, response: response) }
        send(#"{"type":"response.done","response":{"id":"\#(response)","status":"completed"}}"#)
    }

    func sendCall(_ tool: (call: String, name: String, arguments: String), response: String = "resp_t1") {
        let arguments = tool.arguments.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        send(
            """
            {"type":"response.output_item.done","response_id":"\(response)","output_index":1,"item":{\
            "id":"item_\(tool.call)","type":"function_call","call_id":"\(tool.call)","name":"\(tool.name)",\
            "arguments":"\(arguments)"}}
            """)
    }

    /// What the bridge gave as a tool's output, each time.
    func outputs(of call: String) -> [String] {
        messages.compactMap { message in
            guard message.type == "conversation.item.create", message.text.contains("function_call_output"),
                message.text.contains(#""\#(call)""#)
            else { return nil }
            return Self.output(message.text)
        }
    }

    /// Waits for one.
    func output(of call: String) async throws -> String {
        try await eventually("an output of \(call)") { !outputs(of: call).isEmpty }
        return outputs(of: call)[0]
    }
}

extension ModelSession {
    fileprivate static func base64(_ bytes: ArraySlice<UInt8>) -> String { Data(bytes).base64EncodedString() }
    fileprivate static func output(_ text: String) -> String? {
        let message = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return (message?["item"] as? [String: Any])?["output"] as? String
    }
}
