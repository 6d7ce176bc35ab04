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
