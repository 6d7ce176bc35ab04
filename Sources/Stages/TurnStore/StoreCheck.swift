import Conversation
import Foundation
import GRDB

/// What `db check` finds in a store's file. Reads only; a service may be writing meanwhile.
public struct StoreCheck: Sendable, Equatable, Encodable {
    public struct Finding: Sendable, Equatable, Encodable {
        public enum Severity: String, Sendable, Encodable {
            /// The file, or a row, is not as it must be.
            case problem
            /// Nothing is broken; an operator may want to know.
            case note
        }

        public let severity: Severity
        public let what: String
        /// What to do about it.
        public let advice: String
    }

    public let path: String
    /// Migrations applied, and those this program knows.
    public private(set) var schemaVersion = 0
    public let knownVersion: Int
    /// Rows by table.
    public private(set) var rows: [String: Int] = [:]
    /// Problems first.
    public private(set) var findings: [Finding] = []

    /// No problem was found.
    public private(set) var isSound = true

    /// - Parameter now: Unix milliseconds; what is long overdue is judged by it.
    /// - Throws: when the file cannot be opened, or is no store of ours.
    public init(path: String, now: Int64) throws(StoreError) {
        self.path = path
        knownVersion = Schema.migrator.migrations.count
        let database = try OpeningStore.readOnly(path, anyVersion: true)
        do { try database.read { try examine($0, now: now) } } catch {
            throw StoreError(.cannotRead, "turn store \(path): cannot be read: \(StoreWriter.describe(error))")
        }
        findings = findings.filter { $0.severity == .problem } + findings.filter { $0.severity == .note }
    }

    private mutating func problem(_ what: String, _ advice: String) {
        isSound = false
        findings.append(Finding(severity: .problem, what: what, advice: advice))
    }

    private mutating func note(_ what: String, _ advice: String) {
        findings.append(Finding(severity: .note, what: what, advice: advice))
    }

    private static let restore = """
        stop the service, copy the file with its -wal and -shm, then restore a backup, or save what can be read: \
        sqlite3 FILE .recover | sqlite3 NEW
        """

    private mutating func examine(_ database: Database, now: Int64) throws {
        // Damage first: the other questions may not even have an answer.
        let damage = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
        for line in damage where line != "ok" { problem("integrity: \(line)", Self.restore) }
        for (table, count) in try Self.brokenReferences(database) {
            problem(
                "\(count) row(s) of \(table) refer to a call that is not there",
                "written past the service: stop it, then DELETE them, or INSERT the calls they name")
        }
        let applied = try Schema.migrator.appliedIdentifiers(database)
        schemaVersion = Schema.migrator.migrations.count { applied.contains($0) }
        for table in try Self.tables(database) {
            rows[table] = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table.quotedDatabaseIdentifier)")
        }
        if try Schema.migrator.hasBeenSuperseded(database) {
            return problem(
                "schema: made by a newer version of media-bridge", "use that version; this one will not open the file")
        }
        guard schemaVersion == knownVersion else {
            return note(
                "schema: version \(schemaVersion) of \(knownVersion)",
                "copy the file, then start the service once: it brings the file up to date")
        }
        try compareSchema(database)
        for words in Schema.enums { try check(words, in: database) }
        try look(database, now: now)
    }

    /// Against a new store's: a table, index or guard that was changed by hand.
    private mutating func compareSchema(_ database: Database) throws {
        let fresh = try DatabaseQueue()
        try Schema.migrator.migrate(fresh)
        let expected = try fresh.read(Self.schema), found = try Self.schema(database)
        for (name, sql) in expected.sorted(by: { $0.key < $1.key }) where found[name] != sql {
            problem(
                "schema: \(name) is \(found[name] == nil ? "missing" : "not as the service made it")",
                "changed by hand: restore a backup, or make a new store and copy the rows into it")
        }
    }

    private mutating func check(_ words: Schema.Words, in database: Database) throws {
        let list = words.words.map { "'\($0)'" }.joined(separator: ", ")
        let count = try Int.fetchOne(
            database,
            sql: "SELECT count(*) FROM \(words.table) WHERE \(words.column) NOT IN (\(list))")
        if let count, count > 0 {
            problem(
                "\(count) row(s) of \(words.table) have an unknown \(words.column)",
                "written past the service: it reads them as unknown; expected one of \(list)")
        }
    }

    /// What is not wrong, and still worth knowing.
    private mutating func look(_ database: Database, now: Int64) throws {
        let dayAgo = now - 86_400_000
        func count(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
            try Int.fetchOne(database, sql: "SELECT count(*) FROM \(sql)", arguments: arguments) ?? 0
        }
        let silent = try count("calls WHERE tenant = ''")
        if silent > 0 {
            note("\(silent) call(s) of which only their rows are known", "nobody said that they began; see `calls`")
        }
        let open = try count("calls WHERE tenant <> '' AND ended_ms IS NULL AND started_ms < ?", [dayAgo])
        if open > 0 {
            note("\(open) call(s) began over a day ago and never ended", "the service was killed while they ran")
        }
        let events = try count("carrier_events WHERE call NOT IN (SELECT id FROM calls)")
        let statuses = try count("call_status WHERE call NOT IN (SELECT id FROM calls)")
        if events + statuses > 0 {
            note(
                "\(events) carrier event(s) and \(statuses) status(es) of calls that were never ours",
                "the carrier's account has other calls; they go with retention")
        }
        let expired = try count("jobs WHERE state = 'leased' AND lease_until_ms < ?", [now])
        if expired > 0 { note("\(expired) job(s) whose worker is gone", "the next worker takes them") }
        let dead = try count("jobs WHERE state = 'dead'"), undelivered = try count("outbox WHERE state = 'dead'")
        if dead + undelivered > 0 {
            note(
                "\(dead) job(s) and \(undelivered) event(s) were given up", "last_error in `jobs` and `outbox` says why"
            )
        }
        let paths = try String.fetchAll(database, sql: "SELECT path FROM artifacts")
        let gone = paths.count { !FileManager.default.fileExists(atPath: $0) }
        if gone > 0 {
            note(
                "\(gone) of \(paths.count) artifact(s) have no file at their path", "moved or deleted past the service")
        }
    }

    private static func tables(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                    AND name <> 'grdb_migrations' ORDER BY name
                """)
    }

    private static func schema(_ database: Database) throws -> [String: String] {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], $0["sql"]) })
    }

    private static func brokenReferences(_ database: Database) throws -> [(table: String, count: Int)] {
        let tables = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map { $0["table"] as String }
        return Dictionary(grouping: tables) { $0 }.map { ($0.key, $0.value.count) }.sorted { $0.0 < $1.0 }
    }
}
