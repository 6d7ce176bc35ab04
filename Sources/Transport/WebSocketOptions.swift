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
