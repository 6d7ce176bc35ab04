/// One WebSocket, server or client side. Every member belongs to the thread of its `loop`.
public final class WebSocket {
    public let loop: EventLoop
    public weak var handler: (any WebSocketHandler)?

    init(loop: EventLoop) { self.loop = loop }

    /// Opens a client connection. Names are resolved off the loop's thread. The handler hears `webSocketDidOpen` or,
    /// when it fails, `webSocketDidClose`, never both and never before this returns.
    ///
    /// - Parameter url: `ws://` or `wss://`, with host, optional port, path and query.
    /// - Throws: `TransportError` only for a URL or option that can never work.
    public static func connect(
        to url: String, headers: [(name: String, value: String)] = [], options: WebSocketOptions = .init(),
        on loop: EventLoop, handler: any WebSocketHandler
    ) throws(TransportError) -> WebSocket {
        throw TransportError(.badURL, "not yet")
    }

    /// Queues one text message and returns at once; bytes are copied into the socket's send queue.
    /// - Returns: false when the bounded queue has no room (counted); nothing was queued then.
    @discardableResult public func sendText(_ message: Span<UInt8>) -> Bool { false }
    @discardableResult public func sendText(_ message: String) -> Bool { false }
    @discardableResult public func sendBinary(_ message: Span<UInt8>) -> Bool { false }

    /// Bytes accepted and not yet given to the kernel.
    public var queuedBytes: Int { 0 }

    /// Stops or resumes reading from the peer (back-pressure by TCP).
    public func pauseReading() {}
    public func resumeReading() {}

    /// Sends a close frame after what is queued, waits a bounded time for the peer's, then closes.
    public func close(code: UInt16 = 1000, reason: String = "") {}
    /// Drops the connection at once.
    public func abort() {}
}

/// Hears one WebSocket. Loop thread. The socket keeps its handler weakly; the owner of the call keeps both.
public protocol WebSocketHandler: AnyObject {
    func webSocketDidOpen(_ socket: WebSocket)
    /// A whole message; `message` is valid until this returns. Text has been checked to be UTF-8.
    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool)
    /// The send queue is empty again after `send` had refused something.
    func webSocketDidDrain(_ socket: WebSocket)
    /// Exactly once per socket, the last call it makes.
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose)
}

/// Why a WebSocket ended.
public struct WebSocketClose: Sendable, Equatable {
    public enum Cause: String, Sendable, CaseIterable {
        /// A close frame from the peer, or the answer to ours.
        case closed
        /// The connection went away without a close frame.
        case disconnected
        /// The peer broke RFC 6455; `reason` says how.
        case protocolViolation
        case messageTooLarge, writeDeadline, idleDeadline, firstMessageDeadline, pingDeadline
        /// Client side only.
        case nameNotFound, connectionRefused, connectTimeout, tlsFailed, upgradeRefused
        /// The loop is stopping, or `abort` was called.
        case aborted
    }
    public var cause: Cause
    /// Close code on the wire, when there was one.
    public var code: UInt16?
    public var reason: String
    /// Status of an upgrade answered with something other than 101.
    public var httpStatus: Int?

    public init(cause: Cause, code: UInt16? = nil, reason: String = "", httpStatus: Int? = nil) {
        (self.cause, self.code, self.reason, self.httpStatus) = (cause, code, reason, httpStatus)
    }
}

/// Limits and deadlines of one WebSocket; zero milliseconds turns a deadline off.
public struct WebSocketOptions: Sendable {
    /// A larger message closes with 1009.
    public var maximumMessageBytes = 64 * 1024
    public var sendQueueBytes = 256 * 1024
    /// The peer accepted no byte of a non-empty queue for this long.
    public var writeDeadlineMilliseconds = 10_000
    /// No byte from the peer for this long.
    public var idleDeadlineMilliseconds = 0
    /// Server side: no message within this long of the upgrade.
    public var firstMessageDeadlineMilliseconds = 0
    /// A ping this often; an unanswered one closes after as long again.
    public var pingIntervalMilliseconds = 20_000
    /// Client side: name, TCP, TLS and upgrade together.
    public var connectDeadlineMilliseconds = 10_000
    /// Client side: PEM file of the authorities to trust instead of the system's.
    public var trustedAuthoritiesFile: String?

    public init() {}
}
