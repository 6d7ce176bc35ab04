import GRDB

extension Schema {
    /// Version 6: `spool_progress` (owner: the writer) and `audit` (owner: erasure and retention).
    static func migration6(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE spool_progress (
                    spool INTEGER PRIMARY KEY,
                    bytes INTEGER NOT NULL CHECK (bytes >= 0)
                ) STRICT;
                CREATE TABLE audit (
                    id INTEGER PRIMARY KEY,
                    at_ms INTEGER NOT NULL,
                    action TEXT NOT NULL CHECK (action IN ('erase', 'retention')),
                    details TEXT NOT NULL CHECK (json_valid(details))
                ) STRICT;
                """)
    }
}

/// How far the filling of a spool file is in the database. Written with what was taken.
enum SpoolProgress {
    static func write(_ spool: Int64, _ bytes: Int, to database: Database) throws {
        try RecordWriting.run(database, "DELETE FROM spool_progress WHERE spool <> ?", [spool])
        try RecordWriting.run(
            database,
            """
            INSERT INTO spool_progress (spool, bytes) VALUES (?, ?)
            ON CONFLICT (spool) DO UPDATE SET bytes = excluded.bytes
            """, [spool, bytes])
    }

    static func bytes(of spool: Int64, in database: Database) throws -> Int? {
        try Int.fetchOne(database, sql: "SELECT bytes FROM spool_progress WHERE spool = ?", arguments: [spool])
    }
}

/// The `action`s of the audit table's check, in its words.
enum AuditAction: String, CaseIterable { case erase, retention }
