import GRDB

extension Schema {
    /// Version 7: `call_requests` (owner: outbound calls). Neither the number nor the context is in it, only digests.
    static func migration7(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE call_requests (
                    id TEXT PRIMARY KEY NOT NULL,
                    tenant TEXT NOT NULL,
                    key TEXT NOT NULL,
                    body_digest TEXT NOT NULL,
                    number_digest TEXT NOT NULL,
                    state TEXT NOT NULL CHECK (state IN ('dialling', 'made', 'refused', 'unknown')),
                    call TEXT,
                    http_status INTEGER,
                    answer TEXT,
                    made_ms INTEGER NOT NULL,
                    UNIQUE (tenant, key)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX call_requests_by_time ON call_requests (tenant, made_ms);
                """)
    }
}
