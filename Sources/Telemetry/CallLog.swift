public import Logging
import Synchronization

/// The lines of one call: at most ten, the last of them its end. More are counted instead. Any thread but a shard's.
public final class CallLog: Sendable {
    /// Lines an ordinary call may write, its end included.
    public static let budget = 10

    private let log: ServiceLog
    private let state = Mutex((written: 0, suppressed: 0, ended: false))

    /// - Parameter call: the carrier's identifier, which every line carries.
    public init(call: String, log: ServiceLog) { self.log = log.about(call: call) }

    /// - Parameter message: constant; what varies goes into `facts`.
    public func line(_ message: StaticString, level: Logger.Level = .info, _ facts: [String: LogValue] = [:]) {
        guard log.writes(level) else { return }
        let isAllowed = state.withLock { state in
            // The last line is kept for the end; an error is always told.
            guard state.written < Self.budget - 1 || level >= .error else {
                state.suppressed += 1
                return false
            }
            state.written += 1
            return true
        }
        if isAllowed { log.line(level, message, facts) }
    }

    /// The call's last line: written once, whatever came before. Later ones are ignored.
    public func end(_ message: StaticString = "call ended", _ facts: [String: LogValue] = [:]) {
        let suppressed: Int? = state.withLock { state in
            if state.ended { return nil }
            state.ended = true
            return state.suppressed
        }
        guard let suppressed else { return }
        var facts = facts
        if suppressed > 0 { facts["lines_suppressed"] = .quantity(suppressed) }
        log.info(message, facts)
    }
}
