import GRDB

extension Schema {
    /// Version 8: the outbox holds events that tell of recordings, too. A check cannot be changed in place.
    static func migration8(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE outbox_of_8 (
                    id INTEGER PRIMARY KEY,
                    call TEXT REFERENCES calls (id) ON DELETE CASCADE,
                    tenant TEXT NOT NULL,
                    event TEXT NOT NULL CHECK (event IN (
                                'call.started', 'call.turn', 'call.ended', 'transcript.ready', 'recording.ready'
                            )),
                    key TEXT NOT NULL UNIQUE,
                    body TEXT NOT NULL,
                    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
                    attempts INTEGER NOT NULL DEFAULT 0,
                    next_ms INTEGER NOT NULL,
                    last_error TEXT,
                    created_ms INTEGER NOT NULL,
                    changed_ms INTEGER NOT NULL
                ) STRICT;
                INSERT INTO outbox_of_8 SELECT * FROM outbox;
                DROP TABLE outbox;
                ALTER TABLE outbox_of_8 RENAME TO outbox;
                CREATE INDEX outbox_waiting ON outbox (next_ms, id) WHERE state = 'waiting';
                CREATE INDEX outbox_by_call ON outbox (call) WHERE call IS NOT NULL;
                """)
    }
}
