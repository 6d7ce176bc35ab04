import Foundation
import GRDB
import Glibc

/// Removes a person from a store and from the files beside it, and shows it by the files' bytes. For a command line: it
/// waits, and reads whole files. Works while a service runs.
public struct Erasure: Sendable {
    public enum Subject: Sendable, Equatable {
        /// As the carrier writes it, for example `+15005550006`.
        case number(String)
        case call(String)
    }

    public struct Place: Sendable, Equatable, Encodable {
        /// A table, a directory or a file.
        public var place: String
        /// Rows or files.
        public var found: Int
        public var removed: Int
    }

    public struct Report: Sendable, Equatable, Encodable {
        public var calls = [String]()
        public var places = [Place]()
        /// Files whose bytes were searched afterwards, and those that still hold what was searched for.
        public var searched = [String]()
        public var remaining = [String]()
        /// Nothing was searched for in vain, or nothing was to be done.
        public var isComplete = false
        public var isDryRun = false
    }

    let path: String
    let spoolPath: String
    /// Of recordings and journals.
    let directories: [String]
    let subject: Subject
    /// What an own number would take with it is everybody.
    static let fewestDigits = 7

    /// - Parameter spoolPath: nil: where it lies by default.
    public init(_ subject: Subject, path: String, spoolPath: String? = nil, directories: [String] = []) {
        (self.subject, self.path, self.directories) = (subject, path, directories)
        self.spoolPath = spoolPath ?? TurnStore.spoolPath(of: path)
    }

    /// - Parameter now: Unix milliseconds.
    /// - Throws: a `StoreError` of one line: no such store, a subject that is none, a call that is still up.
    public func run(isDryRun: Bool, now: Int64) throws(StoreError) -> Report {
        if case .number(let number) = subject, number.count(where: \.isNumber) < Self.fewestDigits {
            throw StoreError(
                .cannotWrite, "number: at least \(Self.fewestDigits) digits were expected, as in +15005550006")
        }
        if case .call("") = subject { throw StoreError(.cannotWrite, "call: an id was expected") }
        var report = Report(isDryRun: isDryRun)
        if isDryRun {
            let database = try OpeningStore.readOnly(path)
            try translate { try database.read { try plan(&report, in: $0, now: now) } }
            for files in files(of: report.calls, and: []) where !files.paths.isEmpty {
                report.places.append(Place(place: files.place, found: files.paths.count, removed: 0))
            }
            report.isComplete = true
            return report
        }
        try remove(&report, now: now)
        prove(&report)
        if report.remaining.contains(path) {
            // Pages that were freed before the store overwrote what it frees.
            try vacuum()
            prove(&report)
        }
        report.isComplete = report.remaining.isEmpty
        return report
    }

    // MARK: What is theirs

    private func plan(_ report: inout Report, in database: Database, now: Int64) throws {
        let (name, value) =
            switch subject {
            case .number(let number): ("from_number = :value OR to_number = :value OR instr(context, :value)", number)
            case .call(let call): ("id = :value", call)
            }
        let events =
            switch subject {
            case .number: "SELECT call FROM carrier_events WHERE instr(fields, :value)"
            case .call: "SELECT call FROM carrier_events WHERE call = :value"
            }
        // Legs that were dialled from one of their calls are the same conversation.
        report.calls = try String.fetchAll(
            database,
            sql: """
                WITH RECURSIVE theirs (id) AS (
                    SELECT id FROM calls WHERE \(name) UNION \(events)
                    UNION SELECT calls.id FROM calls JOIN theirs ON calls.parent = theirs.id)
                SELECT id FROM theirs ORDER BY id
                """, arguments: ["value": value])
        let live = try report.calls.filter { call in
            try Bool.fetchOne(
                database, sql: "SELECT 1 FROM calls WHERE id = ? AND ended_ms IS NULL AND started_ms > ?",
                arguments: [call, now - Retention.longestCallMilliseconds]) ?? false
        }
        if !live.isEmpty {
            throw StoreError(
                .cannotWrite, "\(live.count) of the calls are still up: hang up first, or wait for their end")
        }
        for (table, condition) in try conditions(in: database) {
            var found = 0
            try each(report.calls) { call in
                found +=
                    try Int.fetchOne(
                        database, sql: "SELECT count(*) FROM \(table) WHERE \(condition)", arguments: [call]) ?? 0
            }
            if found > 0 { report.places.append(Place(place: table, found: found, removed: 0)) }
        }
    }

    /// Every table whose rows name a call, those of later versions too; `calls` last.
    private func conditions(in database: Database) throws -> [(table: String, condition: String)] {
        let tables = try String.fetchAll(
            database,
            sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        var found = [(table: String, condition: String)]()
        for table in tables where try database.columns(in: table).contains(where: { $0.name == "call" }) {
            found.append((table, "call = ?"))
        }
        return found + [("calls", "id = ?")]
    }

    private func each(_ calls: [String], _ body: (String) throws -> Void) rethrows {
        for call in calls { try body(call) }
    }

    // MARK: Removal

    private func remove(_ report: inout Report, now: Int64) throws(StoreError) {
        // Read first: a file that is not there, foreign or older is said so, not made or changed.
        _ = try OpeningStore.readOnly(path)
        var options = TurnStoreOptions()
        (options.spoolPath, options.busyMilliseconds) = (spoolPath, 10_000)
        // Takes in what a spool file was left with, when no service has it.
        let store = try TurnStore(path: path, options: options)
        defer { store.close() }
        let deadline = Date().addingTimeInterval(10)
        while store.health.waiting > 0, Date() < deadline { usleep(10_000) }
        var files = [(place: String, paths: [String])]()
        let access = store.jobs.access
        var planned = report
        let artifacts = try access.write { database in
            try plan(&planned, in: database, now: now)
            return try planned.calls.flatMap { try Artifacts.artifacts(of: $0, kind: nil, in: database).map(\.path) }
        }
        report = planned
        // Files before rows: a run that is broken off is begun again by the same rows.
        files = self.files(of: report.calls, and: artifacts)
        for place in files where !place.paths.isEmpty {
            let removed = place.paths.count { unsafe unlink($0) == 0 }
            report.places.append(Place(place: place.place, found: place.paths.count, removed: removed))
        }
        let calls = report.calls, value = if case .number(let number) = subject { number } else { "" }
        let removed = try access.write { database in
            var removed = [String: Int]()
            // Only what is theirs, in the order in which rows refer to each other.
            for (table, condition) in try conditions(in: database) {
                try each(calls) { call in
                    try database.execute(sql: "DELETE FROM \(table) WHERE \(condition)", arguments: [call])
                    removed[table, default: 0] += database.changesCount
                }
            }
            if !value.isEmpty {
                for (table, column) in [("outbox", "body"), ("jobs", "payload")] {
                    try database.execute(sql: "DELETE FROM \(table) WHERE instr(\(column), ?)", arguments: [value])
                    removed[table, default: 0] += database.changesCount
                }
            }
            let kind = value.isEmpty ? "call" : "number"
            let details = try RecordWriting.json(["subject": kind, "calls": "\(calls.count)"])
            try database.execute(
                sql: "INSERT INTO audit (at_ms, action, details) VALUES (?, 'erase', ?)", arguments: [now, details])
            return removed
        }
        for (table, count) in removed.sorted(by: { $0.key < $1.key }) {
            if let index = report.places.firstIndex(where: { $0.place == table }) {
                // What a foreign key took with it, another table's turn finds gone.
                report.places[index].removed = max(count, report.places[index].found)
            } else if count > 0 {
                report.places.append(Place(place: table, found: count, removed: count))
            }
        }
        truncateLog(store)
    }

    /// A reader may hold the log back for as long as it reads.
    private func truncateLog(_ store: TurnStore) {
        let deadline = Date().addingTimeInterval(10)
        while Date() < deadline {
            if store.emptyLog() { return }
            usleep(50_000)
        }
    }

    private func vacuum() throws(StoreError) {
        let store = try TurnStore(
            path: path,
            options: {
                var o = TurnStoreOptions(); o.spoolPath = spoolPath; return o
            }())
        defer { store.close() }
        try translate { try store.vacuum() }
        truncateLog(store)
    }

    /// Recordings, transcripts and journals carry their call's id in their names; artifacts say where they lie.
    private func files(of calls: [String], and artifacts: [String]) -> [(place: String, paths: [String])] {
        var result = [("artifact files", artifacts.filter { FileManager.default.fileExists(atPath: $0) })]
        for directory in directories {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            let theirs = names.filter { name in calls.contains { !$0.isEmpty && name.hasPrefix($0) } }
            result.append((directory, theirs.sorted().map { directory + "/" + $0 }.filter { !artifacts.contains($0) }))
        }
        return result
    }

    // MARK: Proof

    /// Every byte of the store's files, and of what lies in the directories.
    private func prove(_ report: inout Report) {
        var needles = report.calls.map { Array($0.utf8) }
        switch subject {
        case .call(let call): needles.append(Array(call.utf8))
        // Without the plus, which some hands write as %2B.
        case .number(let number): needles.append(Array(number.filter(\.isNumber).utf8))
        }
        var paths = [path, path + "-wal", path + "-shm", spoolPath]
        for directory in directories {
            let names = (try? FileManager.default.subpathsOfDirectory(atPath: directory)) ?? []
            paths += names.sorted().map { directory + "/" + $0 }
        }
        (report.searched, report.remaining) = ([], [])
        for path in paths {
            guard let found = ByteSearch.contains(path, any: needles) else { continue }
            report.searched.append(path)
            if found { report.remaining.append(path) }
        }
    }

    private func translate(_ body: () throws -> Void) throws(StoreError) {
        do { try body() } catch let error as StoreError { throw error } catch {
            throw StoreError(.cannotWrite, "turn store \(path): \(StoreWriter.describe(error))")
        }
    }
}

/// Looks for bytes in files, a piece at a time.
enum ByteSearch {
    private static let pieceBytes = 1 << 20

    /// - Returns: nil when there is no such regular file.
    static func contains(_ path: String, any needles: [[UInt8]]) -> Bool? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular, let file = FileHandle(forReadingAtPath: path)
        else {
            return nil
        }
        defer { try? file.close() }
        let overlap = (needles.map(\.count).max() ?? 1) - 1
        var window = Data()
        while let piece = try? file.read(upToCount: pieceBytes), !piece.isEmpty {
            window.append(piece)
            for needle in needles where !needle.isEmpty && window.range(of: Data(needle)) != nil { return true }
            window = Data(window.suffix(max(0, overlap)))
        }
        return false
    }
}
