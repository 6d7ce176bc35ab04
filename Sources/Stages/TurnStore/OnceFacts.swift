import GRDB

/// What happens once per call, whatever restarts in between. The table's check has the same words.
public enum OnceFact: String, Sendable, Codable, CaseIterable {
    case greeted
    /// "This call is recorded" was said.
    case noticeSpoken = "notice-spoken"
    case hungUp = "hung-up"
}

/// The table of once-per-call facts. Synchronous: any thread but a loop's (there, push the `StoreRecord`).
public struct OnceFacts: Sendable {
    let access: StoreAccess

    /// - Returns: true when this is the first time; the first time written stays.
    public func record(_ fact: OnceFact, call: String, at: Int64) throws(StoreError) -> Bool {
        try access.write { try Self.write(fact, call: call, at: at, to: $0) }
    }

    /// When each happened, in Unix milliseconds.
    public func of(call: String) throws(StoreError) -> [OnceFact: Int64] {
        try access.read { try Self.facts(of: call, in: $0) }
    }

    static func facts(of call: String, in database: Database) throws -> [OnceFact: Int64] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT fact, at_ms FROM call_facts WHERE call = ?", arguments: [call])
        return rows.reduce(into: [:]) { facts, row in
            if let fact = OnceFact(rawValue: row["fact"]) { facts[fact] = row["at_ms"] as Int64 }
        }
    }

    static func write(_ fact: OnceFact, call: String, at: Int64, to database: Database) throws -> Bool {
        try RecordWriting.ensureCall(call, in: database)
        try RecordWriting.run(
            database, "INSERT INTO call_facts (call, fact, at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [call, fact.rawValue, at])
        return database.changesCount > 0
    }
}
