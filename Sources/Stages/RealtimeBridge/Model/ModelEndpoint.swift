/// Where a realtime model is, and how to be let in. Printing one never shows the key.
public struct ModelEndpoint: Sendable, Equatable {
    public enum Authentication: String, Sendable, CaseIterable {
        /// `Authorization: Bearer ...`: OpenAI and most compatible servers.
        case bearer
        /// `api-key: ...`: Azure.
        case apiKeyHeader
    }

    /// What the WebSocket client connects to.
    public let url: String
    public let authentication: Authentication
    private let key: String
    private let extraHeaders: [Header]

    private struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// - Parameters:
    ///   - baseURL: `wss://api.openai.com/v1/realtime`, any compatible server, or Azure's
    ///     `wss://<resource>.openai.azure.com/openai/v1/realtime`.
    ///   - model: added as `model=`, or as `deployment=` to Azure's preview form
    ///     (`/openai/realtime?api-version=...`), unless the URL names a `model`, `deployment`, `call_id` or `intent` itself.
    ///   - key: empty: no credentials are sent.
    ///   - extraHeaders: for example `OpenAI-Organization`.
    public init(
        baseURL: String, model: String, key: String, authentication: Authentication = .bearer,
        extraHeaders: [(name: String, value: String)] = []
    ) throws(ModelEndpointError) {
        guard baseURL.hasPrefix("wss://") || baseURL.hasPrefix("ws://"),
            baseURL.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !baseURL.contains("#"), !baseURL.contains("@")
        else {
            throw ModelEndpointError(field: "url", expected: "ws:// or wss://, a host and a path; no user, no fragment")
        }
        guard Self.isHeaderValue(key) else {
            throw ModelEndpointError(field: "key", expected: "printable ASCII without spaces or line ends")
        }
        for header in extraHeaders
        where header.name.isEmpty || !Self.isHeaderValue(header.name) || !Self.isHeaderValue(header.value, spaces: true)
        {
            throw ModelEndpointError(field: "headers", expected: "a name and a value of printable ASCII")
        }
        url = try Self.url(baseURL, model: model)
        self.key = key
        self.authentication = authentication
        self.extraHeaders = extraHeaders.map { Header(name: $0.name, value: $0.value) }
    }

    /// For the upgrade request. Holds the key: for the socket, never for a log.
    public var headers: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if !key.isEmpty {
            headers.append(
                authentication == .bearer ? ("Authorization", "Bearer " + key) : ("api-key", key))
        }
        return headers + extraHeaders.map { ($0.name, $0.value) }
    }

    private static func url(_ base: String, model: String) throws(ModelEndpointError) -> String {
        let parts = base.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? parts[1] : ""
        let names = query.split(separator: "&").map { $0.prefix { $0 != "=" } }
        guard !names.contains(where: { ["model", "deployment", "call_id", "intent"].contains($0) }) else { return base }
        guard !model.isEmpty else { throw ModelEndpointError(field: "model", expected: "a model's name") }
        let name = parts[0].hasSuffix("/openai/realtime") && names.contains("api-version") ? "deployment" : "model"
        return "\(parts[0])?\(query)\(query.isEmpty ? "" : "&")\(name)=\(percentEncoded(model))"
    }

    /// Everything but RFC 3986's unreserved characters as `%XX`.
    private static func percentEncoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += (digits.count == 1 ? "%0" : "%") + digits
            }
        }
        return result
    }

    private static func isHeaderValue(_ text: String, spaces: Bool = false) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F || spaces && $0 == 0x20 }
    }
}

extension ModelEndpoint: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the query, where some servers want a secret.
    public var description: String { "\(url.prefix { $0 != "?" }) (\(key.isEmpty ? "no key" : "key hidden"))" }
    public var debugDescription: String { description }
    /// `dump` and test failures look here.
    public var customMirror: Mirror { Mirror(self, children: ["endpoint": description]) }
}

/// Why an endpoint cannot be used. Never holds the value: it may be a secret.
public struct ModelEndpointError: Error, Sendable, Equatable, CustomStringConvertible {
    public let field: String
    public let expected: String

    public var description: String { "\(field): expected \(expected)" }
}
