public import Logging
import Synchronization

/// The lines of one call: at most ten, the last of them its end. More are counted instead. Any thread but a shard's.
public final class CallLog: Sendable {
    /// Lines an ordinary call may write, its end included.
    public static let budget = 10

    private let logger: Logger
    private let state = Mutex((written: 0, suppressed: 0, ended: false))

    public init(call: String, logger: Logger) {
        var logger = logger
        logger[metadataKey: "call"] = "\(call)"
        self.logger = logger
    }

    /// - Parameter message: constant; what varies goes into `metadata`.
    public func line(_ message: StaticString, level: Logger.Level = .info, _ metadata: Logger.Metadata = [:]) {
        guard logger.logLevel <= level else { return }
        let isAllowed = state.withLock { state in
            // The last line is kept for the end; an error is always told.
            guard state.written < Self.budget - 1 || level >= .error else {
                state.suppressed += 1
                return false
            }
            state.written += 1
            return true
        }
        if isAllowed { logger.log(level: level, "\(message)", metadata: metadata) }
    }

    /// The call's last line: written once, whatever came before. Later ones are ignored.
    public func end(_ message: StaticString = "call ended", _ metadata: Logger.Metadata = [:]) {
        let suppressed: Int? = state.withLock { state in
            if state.ended { return nil }
            state.ended = true
            return state.suppressed
        }
        guard let suppressed else { return }
        var metadata = metadata
        if suppressed > 0 { metadata["lines_suppressed"] = "\(suppressed)" }
        logger.info("\(message)", metadata: metadata)
    }
}
