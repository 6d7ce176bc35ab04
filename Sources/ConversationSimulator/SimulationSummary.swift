import Conversation

/// What a run of calls came to.
public struct SimulationSummary: Sendable {
    public var calls = 0
    public var failures = 0
    public var virtualMilliseconds: Int64 = 0
    public var events = 0
    public var checks = 0
    /// How often each fault struck, in the order of the enum.
    public private(set) var strikes = [Int](repeating: 0, count: SimulatedFault.allCases.count)
    /// How often calls ended for each reason, in the order of the enum.
    public private(set) var endings = [Int](repeating: 0, count: HangUpReason.allCases.count)
    private var rows: (UInt64, UInt64) = (0, 0)

    public init() {}

    mutating func add(_ result: SimulatedResult) {
        calls += 1
        virtualMilliseconds += result.milliseconds
        events += result.events
        checks += result.checks
        rows.0 |= result.rows.0
        rows.1 |= result.rows.1
        for fault in result.struck { strikes[Self.index(of: fault)] += 1 }
        if let reason = result.hangUp, let index = HangUpReason.allCases.firstIndex(of: reason) { endings[index] += 1 }
    }

    private static let indices = Dictionary(
        uniqueKeysWithValues: SimulatedFault.allCases.enumerated().map { ($1, $0) })
    private static func index(of fault: SimulatedFault) -> Int { indices[fault] ?? 0 }

    public var meanSeconds: Double { calls == 0 ? 0 : Double(virtualMilliseconds) / Double(calls) / 1_000 }
    public var virtualHours: Double { Double(virtualMilliseconds) / 3_600_000 }
    public var faultsStruck: Int { strikes.reduce(0, +) }
    public var rowsInTable: Int { Conversation.tableRows }
    public var rowsVisited: Int { (0..<rowsInTable).count { isVisited($0) } }
    /// `state trigger` of each row of the table that no call went through.
    public var rowsNotVisited: [String] {
        (0..<rowsInTable).filter { !isVisited($0) }.map { Conversation.rowName($0) }
    }

    private func isVisited(_ row: Int) -> Bool { (row < 64 ? rows.0 : rows.1) >> UInt64(row & 63) & 1 == 1 }
}
