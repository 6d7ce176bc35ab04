import GRDB

extension Schema {
    /// Version 9: `recognized` (owner: the recogniser of a call that is up), beside the conversation's turns.
    static func migration9(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE recognized (
                    call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
                    heard_ms INTEGER NOT NULL,
                    channel TEXT NOT NULL CHECK (channel IN ('caller', 'agent')),
                    recognizer TEXT NOT NULL,
                    start_ms INTEGER NOT NULL,
                    end_ms INTEGER NOT NULL,
                    text TEXT NOT NULL,
                    confidence REAL,
                    words TEXT CHECK (words IS NULL OR json_valid(words)),
                    PRIMARY KEY (call, heard_ms, channel, recognizer, start_ms, end_ms)
                ) STRICT, WITHOUT ROWID;
                """)
    }
}
