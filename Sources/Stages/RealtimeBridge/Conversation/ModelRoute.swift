/// Which address of a tenant's chain a session is opened at: 0 is the one it prefers.
public struct ModelRoute: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// Addresses that one chain may have.
    public static let capacity = 8
    public static let preferred = ModelRoute(index: 0)

    /// 0 ..< `capacity`.
    public var index: Int

    public init(index: Int) { self.index = index }

    public var description: String { "\(index)" }
}

/// Why a session could not be had, or not be kept, at one address of the chain (S58).
public enum RouteFailure: String, Sendable, CaseIterable {
    /// HTTP 4xx, a wrong key, an unknown model: the same request would be refused again.
    case refused
    /// HTTP 429.
    case throttled
    /// No such name, nobody listens, no TLS.
    case unreachable
    /// It did not open, or did not say what is in force, in time.
    case timedOut
    /// It opened and closed again.
    case closed
    case protocolViolation
    /// It does not hold the session as it was ordered (R3).
    case misconfigured
    /// Paid up.
    case quotaSpent
    /// Its answers fail again and again.
    case answersFailed

    /// It is not tried again in this call.
    var isFinal: Bool {
        switch self {
        case .refused, .misconfigured, .quotaSpent, .answersFailed: true
        case .throttled, .unreachable, .timedOut, .closed, .protocolViolation: false
        }
    }
}
