import GRDB

extension Schema {
    /// Version 5: the texts behind `calls.prompt_hash`.
    ///
    /// By tenant and hash, not by hash alone: the hash is short, and no tenant may ever read another's words. No foreign
    /// key to calls: one prompt is of many calls, and it outlives each.
    static func migration5(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE prompts (
                    tenant TEXT NOT NULL,
                    hash TEXT NOT NULL,
                    direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
                    channel TEXT NOT NULL,
                    language TEXT NOT NULL,
                    voice TEXT NOT NULL,
                    first_used_ms INTEGER NOT NULL,
                    parts TEXT NOT NULL CHECK (json_valid(parts)),
                    PRIMARY KEY (tenant, hash)
                ) STRICT, WITHOUT ROWID;
                """)
    }
}
