public import Logging

/// The service's own lines. A message is constant, what varies is a `LogValue`. Any thread but a shard's.
public struct ServiceLog: Sendable {
    private var logger: Logger

    public init(_ logger: Logger) { self.logger = logger }

    public func line(_ level: Logger.Level, _ message: StaticString, _ facts: [String: LogValue] = [:]) {
        guard writes(level) else { return }
        logger.log(level: level, "\(message)", metadata: facts.mapValues { .string($0.text) })
    }

    func writes(_ level: Logger.Level) -> Bool { logger.logLevel <= level }

    /// The same, with the call's identifier on every line.
    func about(call: String) -> ServiceLog {
        var log = self
        log.logger[metadataKey: "call"] = .string(LogValue.id(call).text)
        return log
    }

    public func info(_ message: StaticString, _ facts: [String: LogValue] = [:]) { line(.info, message, facts) }
    public func notice(_ message: StaticString, _ facts: [String: LogValue] = [:]) { line(.notice, message, facts) }
    public func warning(_ message: StaticString, _ facts: [String: LogValue] = [:]) { line(.warning, message, facts) }
    public func error(_ message: StaticString, _ facts: [String: LogValue] = [:]) { line(.error, message, facts) }
}
