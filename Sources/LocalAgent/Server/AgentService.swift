import Foundation
import Synchronization
import Transport

/// The local agent's HTTP side: a health check, and the door to its sessions.
final class AgentService: HTTPService {
    private let options: LocalAgentOptions
    private let workshop: AgentWorkshop
    private let observer: LocalAgentObserver?
    private let sessions = Atomic(0)

    init(options: LocalAgentOptions, workshop: AgentWorkshop, observer: LocalAgentObserver?) {
        (self.options, self.workshop, self.observer) = (options, workshop, observer)
    }

    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
        switch request.path {
        case "/healthz": exchange.respond(.text(200, "ok\n"))
        case "/v1/realtime": exchange.respond(.text(426, "Connect with a WebSocket.\n"))
        default: exchange.respond(.text(404, "There is only /v1/realtime.\n"))
        }
    }

    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        guard request.path == "/v1/realtime" else {
            return .refuse(.text(404, "There is only /v1/realtime.\n"))
        }
        guard isAllowed(request) else {
            return .refuse(
                Self.error(401, code: "invalid_api_key", "The API key is missing or wrong: send it as a bearer token."))
        }
        guard sessions.add(1, ordering: .relaxed).newValue <= options.maximumSessions else {
            sessions.subtract(1, ordering: .relaxed)
            return .refuse(Self.error(429, code: "rate_limit_exceeded", "Too many sessions."))
        }
        let query = URLComponents(string: "?" + request.query)?.queryItems ?? []
        func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
        var settings = AgentSession.Settings()
        settings.model = String((value("model") ?? "local").prefix(128))
        settings.isKnownModel = options.models.isEmpty || options.models.contains(settings.model)
        settings.kind = value("intent") == "transcription" ? .transcription : .realtime
        settings.paceFactor = options.paceFactor
        settings.deltaMilliseconds = options.deltaMilliseconds
        settings.startUnixSeconds = Int(Date().timeIntervalSince1970)
        settings.maximumSeconds = options.sessionSeconds
        settings.seed = UInt64.random(in: 0 ... .max)
        settings.asksForBeta = request.headers["OpenAI-Beta"]?.contains("realtime=v1") == true
        var limits = WebSocketOptions()
        // The largest append, in base64, and the JSON around it.
        limits.maximumMessageBytes = AgentSession.maximumAppendBytes / 3 * 4 + 64 * 1024
        limits.sendQueueBytes = 16 << 20
        let connection = AgentConnection(
            settings: settings, workshop: workshop, loop: loop, observer: observer,
            ended: { [self] in sessions.subtract(1, ordering: .relaxed) })
        return .accept(connection, limits)
    }

    /// Compares in a time that does not tell how much of the key was right.
    private func isAllowed(_ request: HTTPRequest) -> Bool {
        guard let key = options.apiKey else { return true }
        let prefix = "bearer "
        let authorization = request.headers["Authorization"] ?? ""
        let sent =
            authorization.lowercased().hasPrefix(prefix)
            ? String(authorization.dropFirst(prefix.count)) : request.headers["api-key"] ?? ""
        let (expected, given) = (Array(key.utf8), Array(sent.utf8))
        var difference = UInt8(expected.count == given.count ? 0 : 1)
        for index in expected.indices { difference |= expected[index] ^ (index < given.count ? given[index] : 0) }
        return difference == 0
    }

    private static func error(_ status: Int, code: String, _ message: String) -> HTTPResponse {
        let body: JSONValue = [
            "error": [
                "type": "invalid_request_error", "code": .string(code), "message": .string(message), "param": nil,
            ]
        ]
        return .text(status, body.text + "\n", type: "application/json")
    }
}
