import GRDB

/// The table of files: one row per call, kind and path. Synchronous: any thread but a loop's.
public struct Artifacts: Sendable {
    let access: StoreAccess

    /// Says where a file lies; said again, what is known now holds. The call gets a row if it has none.
    public func put(_ artifact: Artifact) throws(StoreError) {
        try access.write { try Self.write(artifact, to: $0) }
    }

    /// `put` for a call that is on record. A file may be made while its call is being erased: it is not brought back.
    /// - Returns: false, with nothing written, when there is no such call.
    public func putIfKnown(_ artifact: Artifact) throws(StoreError) -> Bool {
        try access.write { database in
            guard
                try Bool.fetchOne(database, sql: "SELECT 1 FROM calls WHERE id = ?", arguments: [artifact.call]) != nil
            else { return false }
            try Self.write(artifact, to: database, makingCall: false)
            return true
        }
    }

    /// By kind and path.
    public func of(call: String, kind: Artifact.Kind? = nil) throws(StoreError) -> [Artifact] {
        try access.read { try Self.artifacts(of: call, kind: kind, in: $0) }
    }

    /// Forgets the row; the file is the caller's to delete, before.
    /// - Returns: false when there was none.
    @discardableResult public func remove(
        call: String, kind: Artifact.Kind, path: String
    ) throws(StoreError) -> Bool {
        try access.write { database in
            try database.execute(
                sql: "DELETE FROM artifacts WHERE call = ? AND kind = ? AND path = ?",
                arguments: [call, kind.rawValue, path])
            return database.changesCount > 0
        }
    }

    static func artifacts(of call: String, kind: Artifact.Kind?, in database: Database) throws -> [Artifact] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM artifacts WHERE call = ? AND kind = coalesce(?, kind) ORDER BY kind, path",
            arguments: [call, kind?.rawValue]
        ).compactMap(artifact)
    }

    static func write(_ artifact: Artifact, to database: Database, makingCall: Bool = true) throws {
        if makingCall { try RecordWriting.ensureCall(artifact.call, in: database) }
        try RecordWriting.run(
            database,
            """
            INSERT INTO artifacts (call, kind, path, bytes, sha256, made_ms, details) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (call, kind, path) DO UPDATE SET bytes = coalesce(excluded.bytes, bytes),
                sha256 = coalesce(excluded.sha256, sha256), made_ms = coalesce(excluded.made_ms, made_ms),
                details = coalesce(excluded.details, details)
            """,
            [
                artifact.call, artifact.kind.rawValue, artifact.path, artifact.bytes, artifact.sha256,
                artifact.madeAtUnixMilliseconds, artifact.details,
            ])
    }

    private static func artifact(_ row: Row) -> Artifact? {
        guard let kind = Artifact.Kind(rawValue: row["kind"]) else { return nil }
        return Artifact(
            call: row["call"], kind: kind, path: row["path"], bytes: row["bytes"], sha256: row["sha256"],
            madeAtUnixMilliseconds: row["made_ms"], details: row["details"])
    }
}
