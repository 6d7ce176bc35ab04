/// One thread, one libev loop, one libwebsockets context: a shard's engine. Make all loops before the first
/// connection, and serially: libwebsockets' contexts share global state while they are set up.
public final class EventLoop: @unchecked Sendable {
    public let name: String

    public init(name: String) throws(TransportError) { self.name = name }

    /// Starts the thread.
    public func start() {}
    /// Any thread but the loop's own. Closes every socket, runs what was submitted, joins the thread.
    public func stop() {}

    /// Any thread. Runs `work` on the loop's thread, in order. Bounded: false when 4,096 are waiting.
    @discardableResult public func submit(_ work: @escaping @Sendable () -> Void) -> Bool { false }

    /// Any thread. Connections held now; the acceptor looks at it.
    public var connectionCount: Int { 0 }

    public var isCurrentThread: Bool { false }

    /// CLOCK_MONOTONIC, in nanoseconds.
    public static var now: UInt64 { 0 }

    /// Loop thread. A one-shot timer on an absolute monotonic deadline, by timerfd.
    public func makeTimer(_ fire: @escaping (_ now: UInt64) -> Void) throws(TransportError) -> LoopTimer { LoopTimer() }
}

/// Loop thread. Fires once per `schedule`; scheduling again moves the deadline.
public final class LoopTimer {
    /// - Parameter deadline: CLOCK_MONOTONIC nanoseconds; one in the past fires at once.
    public func schedule(at deadline: UInt64) {}
    public func cancel() {}
}

/// What went wrong at set-up, in a sentence a person can act on.
public struct TransportError: Error, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case badURL, portInUse, cannotBind, certificate, library, limit
    }
    public var code: Code
    public var message: String
    public init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
    public var description: String { message }
}
