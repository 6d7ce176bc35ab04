import GRDB

extension Schema {
    /// Version 4: every table has one owner, enums are checked, what belongs to a call refers to it.
    ///
    /// `carrier_events` and `call_status` have no foreign key: the inbox takes what was signed, also about calls nobody has
    /// told us of (docs/decisions/0010-foreign-keys-and-owners.md).
    static func migration4(_ database: Database) throws {
        // Turns, holes and recordings of a call that no row tells of get one that says only what is known.
        try database.execute(
            sql: """
                CREATE TABLE calls_4 (
                    id TEXT PRIMARY KEY NOT NULL,
                    tenant TEXT NOT NULL,
                    direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound', 'unknown')),
                    from_number TEXT NOT NULL,
                    to_number TEXT NOT NULL,
                    stream TEXT,
                    prompt_hash TEXT,
                    started_ms INTEGER NOT NULL,
                    ended_ms INTEGER,
                    end_reason TEXT,
                    frame_counts TEXT,
                    usage TEXT,
                    cost_micros INTEGER,
                    currency TEXT,
                    sessions INTEGER,
                    parent TEXT REFERENCES calls (id) ON DELETE SET NULL,
                    context TEXT
                ) STRICT, WITHOUT ROWID;
                INSERT INTO calls_4
                    SELECT id, tenant, CASE WHEN direction IN ('inbound', 'outbound') THEN direction ELSE 'unknown' END,
                        from_number, to_number, stream, prompt_hash, started_ms, ended_ms, end_reason, frame_counts,
                        usage, cost_micros, currency, sessions, NULL, NULL
                    FROM calls;
                INSERT INTO calls_4 (id, tenant, direction, from_number, to_number, started_ms)
                    SELECT call, '', 'unknown', '', '', 0
                    FROM (SELECT call FROM turns UNION SELECT call FROM holes UNION SELECT call FROM recordings)
                    WHERE call NOT IN (SELECT id FROM calls);
                DROP TABLE calls;
                ALTER TABLE calls_4 RENAME TO calls;
                CREATE INDEX calls_by_start ON calls (started_ms, id);
                CREATE INDEX calls_by_tenant ON calls (tenant, started_ms, id);
                CREATE INDEX calls_by_parent ON calls (parent) WHERE parent IS NOT NULL;

                CREATE TABLE turns_4 (
                    call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
                    turn INTEGER NOT NULL,
                    speaker TEXT NOT NULL CHECK (speaker IN ('caller', 'agent')),
                    item TEXT,
                    text TEXT NOT NULL,
                    text_source TEXT NOT NULL CHECK (text_source IN ('none', 'transcribed', 'estimated', 'failed')),
                    planned_text TEXT NOT NULL,
                    started_ms INTEGER NOT NULL,
                    ended_ms INTEGER,
                    interrupted_ms INTEGER,
                    response_ms INTEGER,
                    interruption_ms INTEGER,
                    latency_origin TEXT CHECK (latency_origin IN
                        ('callerSpeech', 'keys', 'toolResult', 'callStart', 'ownAccord')),
                    endpointing_us INTEGER,
                    request_us INTEGER,
                    follow_up_us INTEGER,
                    model_us INTEGER,
                    queueing_us INTEGER,
                    carrier_us INTEGER,
                    heard_us INTEGER,
                    heard_by TEXT CHECK (heard_by IN ('marks', 'clock')),
                    holes INTEGER NOT NULL DEFAULT 0,
                    hole_ms INTEGER NOT NULL DEFAULT 0,
                    PRIMARY KEY (call, turn)
                ) STRICT, WITHOUT ROWID;
                INSERT INTO turns_4 SELECT * FROM turns;
                DROP TABLE turns;
                ALTER TABLE turns_4 RENAME TO turns;

                CREATE TABLE holes_4 (
                    call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
                    hole INTEGER NOT NULL,
                    turn INTEGER NOT NULL,
                    ended_ms INTEGER NOT NULL,
                    cause TEXT NOT NULL CHECK (cause IN ('modelLate', 'ours', 'carrier')),
                    gap_ms INTEGER NOT NULL,
                    heard_ms INTEGER NOT NULL,
                    PRIMARY KEY (call, hole)
                ) STRICT, WITHOUT ROWID;
                INSERT INTO holes_4 SELECT * FROM holes;
                DROP TABLE holes;
                ALTER TABLE holes_4 RENAME TO holes;

                CREATE TABLE call_status_4 (
                    call TEXT PRIMARY KEY NOT NULL,
                    status TEXT NOT NULL CHECK (status IN ('queued', 'ringing', 'in-progress', 'completed', 'busy',
                        'failed', 'no-answer', 'canceled')),
                    sequence INTEGER NOT NULL,
                    changed_ms INTEGER NOT NULL,
                    duration_s INTEGER CHECK (duration_s >= 0)
                ) STRICT, WITHOUT ROWID;
                INSERT INTO call_status_4 SELECT call, status, sequence, changed_ms, NULL FROM call_status;
                DROP TABLE call_status;
                ALTER TABLE call_status_4 RENAME TO call_status;
                """)
        try database.execute(sql: newTables)
        try database.execute(sql: guards)
    }

    /// What the types say, said once more where every hand passes: the status moves along `CallStatus.sources`, and an
    /// event that was taken in is not rewritten. Emptying its fields is how a person is forgotten.
    private static let guards = """
        CREATE TRIGGER call_status_moves BEFORE UPDATE OF status ON call_status
        WHEN old.status || ' ' || new.status NOT IN (
            'queued ringing', 'queued in-progress', 'ringing in-progress',
            'queued completed', 'ringing completed', 'in-progress completed',
            'queued failed', 'ringing failed', 'in-progress failed',
            'queued canceled', 'ringing canceled', 'in-progress canceled',
            'queued busy', 'ringing busy', 'queued no-answer', 'ringing no-answer')
        BEGIN SELECT raise(ABORT, 'call_status: no such move'); END;
        CREATE TRIGGER carrier_events_stay BEFORE UPDATE ON carrier_events
        WHEN new.account <> old.account OR new.call <> old.call OR new.kind <> old.kind OR new.sequence <> old.sequence
            OR new.received_ms <> old.received_ms OR new.fields NOT IN (old.fields, '[]')
        BEGIN SELECT raise(ABORT, 'carrier_events: append only; fields may be emptied'); END;
        """

    private static let newTables = """
        CREATE TABLE artifacts (
            call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('recording', 'carrier-recording', 'transcript')),
            path TEXT NOT NULL,
            bytes INTEGER CHECK (bytes >= 0),
            sha256 TEXT,
            made_ms INTEGER,
            details TEXT CHECK (details IS NULL OR json_valid(details)),
            PRIMARY KEY (call, kind, path)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO artifacts (call, kind, path) SELECT call, 'recording', path FROM recordings;
        DROP TABLE recordings;

        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('fetch-recording', 'transcribe')),
            key TEXT NOT NULL,
            call TEXT REFERENCES calls (id) ON DELETE CASCADE,
            payload TEXT NOT NULL CHECK (json_valid(payload)),
            state TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'dead')),
            attempts INTEGER NOT NULL DEFAULT 0,
            not_before_ms INTEGER NOT NULL,
            lease_until_ms INTEGER,
            worker TEXT,
            last_error TEXT,
            created_ms INTEGER NOT NULL,
            changed_ms INTEGER NOT NULL,
            UNIQUE (kind, key),
            CHECK ((state = 'leased') = (lease_until_ms IS NOT NULL) AND (state <> 'leased' OR worker IS NOT NULL))
        ) STRICT;
        CREATE INDEX jobs_open ON jobs (not_before_ms, id) WHERE state IN ('queued', 'leased');
        CREATE INDEX jobs_by_call ON jobs (call) WHERE call IS NOT NULL;

        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY,
            call TEXT REFERENCES calls (id) ON DELETE CASCADE,
            tenant TEXT NOT NULL,
            event TEXT NOT NULL CHECK (event IN ('call.started', 'call.turn', 'call.ended', 'transcript.ready')),
            key TEXT NOT NULL UNIQUE,
            body TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
            attempts INTEGER NOT NULL DEFAULT 0,
            next_ms INTEGER NOT NULL,
            last_error TEXT,
            created_ms INTEGER NOT NULL,
            changed_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX outbox_waiting ON outbox (next_ms, id) WHERE state = 'waiting';
        CREATE INDEX outbox_by_call ON outbox (call) WHERE call IS NOT NULL;

        CREATE TABLE call_facts (
            call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
            fact TEXT NOT NULL CHECK (fact IN ('greeted', 'notice-spoken', 'hung-up')),
            at_ms INTEGER NOT NULL,
            PRIMARY KEY (call, fact)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE transcripts (
            call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
            channel TEXT NOT NULL CHECK (channel IN ('caller', 'agent')),
            text TEXT NOT NULL,
            engine TEXT NOT NULL,
            language TEXT,
            confidence REAL CHECK (confidence BETWEEN 0 AND 1),
            audio_ms INTEGER NOT NULL CHECK (audio_ms >= 0),
            audio_sha256 TEXT,
            segments TEXT CHECK (segments IS NULL OR json_valid(segments)),
            made_ms INTEGER NOT NULL,
            PRIMARY KEY (call, channel)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE transcript_decisions (
            call TEXT PRIMARY KEY NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
            source TEXT NOT NULL CHECK (source IN ('realtime', 'recording', 'failed')),
            reason TEXT NOT NULL,
            realtime_quality TEXT CHECK (realtime_quality IS NULL OR json_valid(realtime_quality)),
            recording_quality TEXT CHECK (recording_quality IS NULL OR json_valid(recording_quality)),
            decided_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
