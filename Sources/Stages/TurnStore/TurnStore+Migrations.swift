import GRDB

/// The schema, forward only. A migration that has shipped is never edited; a change is a new one.
///
/// Each table has one owner: docs/decisions/0010-foreign-keys-and-owners.md lists them.
enum Schema {
    /// `PRAGMA application_id`: "MBTS".
    static let applicationID: Int32 = 0x4D42_5453

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 calls, turns, carrier events, call status") { database in
            try database.execute(
                sql: """
                    PRAGMA application_id = \(applicationID);
                    CREATE TABLE calls (
                        id TEXT PRIMARY KEY NOT NULL,
                        tenant TEXT NOT NULL,
                        direction TEXT NOT NULL,
                        from_number TEXT NOT NULL,
                        to_number TEXT NOT NULL,
                        stream TEXT,
                        prompt_hash TEXT,
                        started_ms INTEGER NOT NULL,
                        ended_ms INTEGER,
                        end_reason TEXT,
                        frame_counts TEXT
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX calls_by_start ON calls (started_ms, id);
                    CREATE INDEX calls_by_tenant ON calls (tenant, started_ms, id);
                    CREATE TABLE recordings (
                        call TEXT NOT NULL,
                        path TEXT NOT NULL,
                        PRIMARY KEY (call, path)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE turns (
                        call TEXT NOT NULL,
                        turn INTEGER NOT NULL,
                        speaker TEXT NOT NULL,
                        item TEXT,
                        text TEXT NOT NULL,
                        text_source TEXT NOT NULL,
                        planned_text TEXT NOT NULL,
                        started_ms INTEGER NOT NULL,
                        ended_ms INTEGER,
                        interrupted_ms INTEGER,
                        response_ms INTEGER,
                        interruption_ms INTEGER,
                        PRIMARY KEY (call, turn)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE carrier_events (
                        account TEXT NOT NULL,
                        call TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        sequence INTEGER NOT NULL,
                        received_ms INTEGER NOT NULL,
                        fields TEXT NOT NULL,
                        PRIMARY KEY (call, account, kind, sequence)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE call_status (
                        call TEXT PRIMARY KEY NOT NULL,
                        status TEXT NOT NULL,
                        sequence INTEGER NOT NULL,
                        changed_ms INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2 latency parts, holes, what hearing rests on") { database in
            try database.execute(
                sql: """
                    ALTER TABLE turns ADD COLUMN latency_origin TEXT;
                    ALTER TABLE turns ADD COLUMN endpointing_us INTEGER;
                    ALTER TABLE turns ADD COLUMN request_us INTEGER;
                    ALTER TABLE turns ADD COLUMN follow_up_us INTEGER;
                    ALTER TABLE turns ADD COLUMN model_us INTEGER;
                    ALTER TABLE turns ADD COLUMN queueing_us INTEGER;
                    ALTER TABLE turns ADD COLUMN carrier_us INTEGER;
                    ALTER TABLE turns ADD COLUMN heard_us INTEGER;
                    ALTER TABLE turns ADD COLUMN heard_by TEXT;
                    ALTER TABLE turns ADD COLUMN holes INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE turns ADD COLUMN hole_ms INTEGER NOT NULL DEFAULT 0;
                    CREATE TABLE holes (
                        call TEXT NOT NULL,
                        hole INTEGER NOT NULL,
                        turn INTEGER NOT NULL,
                        ended_ms INTEGER NOT NULL,
                        cause TEXT NOT NULL,
                        gap_ms INTEGER NOT NULL,
                        heard_ms INTEGER NOT NULL,
                        PRIMARY KEY (call, hole)
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("3 what the model has cost") { database in
            try database.execute(
                sql: """
                    ALTER TABLE calls ADD COLUMN usage TEXT;
                    ALTER TABLE calls ADD COLUMN cost_micros INTEGER;
                    ALTER TABLE calls ADD COLUMN currency TEXT;
                    ALTER TABLE calls ADD COLUMN sessions INTEGER;
                    """)
        }
        migrator.registerMigration("4 owners, jobs, outbox, artifacts, facts, transcripts", migrate: migration4)
        migrator.registerMigration("5 prompts", migrate: migration5)
        migrator.registerMigration("6 how far a spool file was taken in, what was forgotten", migrate: migration6)
        migrator.registerMigration("7 requests for outbound calls", migrate: migration7)
        migrator.registerMigration("8 recordings are told of", migrate: migration8)
        migrator.registerMigration("9 words of recognisers in calls", migrate: migration9)
        return migrator
    }
}
