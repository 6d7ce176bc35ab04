import Synchronization

/// Tools and errands, by what became of them (R17). Any thread adds, telemetry reads.
final class ToolCounters: Sendable {
    enum Name: String, Sendable, CaseIterable {
        case started, succeeded
        // Not sent.
        case unknownTool, argumentsRefused, busy
        // Sent, and nothing to use came back.
        case timedOut, unreachable, redirected, answerTooLong, answerNotText, answerRefused
        /// The call was over when the result came.
        case resultDropped
        case errandOrdered, errandRefused
        /// The provider's own trouble with a remote MCP server.
        case remoteToolFailed, remoteListFailed
    }

    private final class Count: Sendable { let value = Atomic<Int>(0) }
    private let counts: [Name: Count] = Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0, Count()) })

    func add(_ name: Name) { counts[name]?.value.wrappingAdd(1, ordering: .relaxed) }
    subscript(name: Name) -> Int { counts[name]?.value.load(ordering: .relaxed) ?? 0 }
}
