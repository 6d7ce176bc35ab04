/// A whole HTTP/1.1 request. Header names compare without case.
public struct HTTPRequest: Sendable {
    public var method: String
    /// Exactly as it stood in the request line: a webhook's signature is computed over these bytes.
    public var target: String
    public var headers: HTTPHeaders
    public var body: [UInt8]
    public var remoteAddress: String
    public var isSecure: Bool

    public init(
        method: String, target: String, headers: HTTPHeaders = .init(), body: [UInt8] = [],
        remoteAddress: String = "", isSecure: Bool = false
    ) {
        (self.method, self.target, self.headers, self.body) = (method, target, headers, body)
        (self.remoteAddress, self.isSecure) = (remoteAddress, isSecure)
    }

    /// Target up to the first `?`.
    public var path: Substring { target.prefix { $0 != "?" } }
    /// What follows the first `?`; empty without one.
    public var query: Substring { target.drop { $0 != "?" }.dropFirst() }
}

public struct HTTPHeaders: Sendable, Equatable {
    public private(set) var fields: [(name: String, value: String)] = []
    public init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }
    /// First value of that name.
    public subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
    public mutating func append(_ name: String, _ value: String) { fields.append((name, value)) }
    public static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }
}

public struct HTTPResponse: Sendable, Equatable {
    public var status: Int
    public var headers: HTTPHeaders
    public var body: [UInt8]
    /// Instead of `body`: what a server sends from a file.
    public var file: HTTPFileBody?
    public init(status: Int, headers: HTTPHeaders = .init(), body: [UInt8] = [], file: HTTPFileBody? = nil) {
        (self.status, self.headers, self.body, self.file) = (status, headers, body, file)
    }
    public static func == (left: HTTPResponse, right: HTTPResponse) -> Bool {
        left.status == right.status && left.headers == right.headers && left.body == right.body
            && left.file === right.file
    }
    public static func text(_ status: Int, _ text: String, type: String = "text/plain; charset=utf-8") -> HTTPResponse {
        HTTPResponse(status: status, headers: .init([("Content-Type", type)]), body: Array(text.utf8))
    }
}

/// Where an answer goes. Any thread; the first answer counts, and dropping the exchange unanswered sends a 500.
public protocol HTTPExchange: AnyObject, Sendable {
    func respond(_ response: HTTPResponse)
}

/// What a listener serves. Called on loop threads, several at once: an implementation guards its own state.
public protocol HTTPService: AnyObject, Sendable {
    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange)
    /// A well-formed WebSocket upgrade. Decided at once, before 101; `loop` is where the socket will live.
    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision
}

public enum UpgradeDecision {
    case refuse(HTTPResponse)
    /// The listener keeps `handler` until the socket has closed.
    case accept(any WebSocketHandler, WebSocketOptions)
}
