import Conversation
import Foundation
import GRDB

/// What each record does to the tables. Runs inside the writer's transaction.
enum RecordWriting {
    /// - Returns: whether the record was new, and whether a status changed.
    static func apply(_ record: StoreRecord, to database: Database) throws -> (isNew: Bool, statusChanged: Bool) {
        switch record {
        case .callStarted(let start): try write(start, to: database)
        case .streamStarted(let call, let stream, let milliseconds):
            try run(database, "UPDATE calls SET stream = ? WHERE id = ?", [stream, call])
            guard database.changesCount > 0 else { return (false, false) }
            try StatusWriting.streamStarted(call, stream, at: milliseconds, in: database)
            return (true, false)
        case .promptChosen(let call, let hash):
            try run(database, "UPDATE calls SET prompt_hash = ? WHERE id = ?", [hash, call])
        case .prompt(let prompt): try Prompts.write(prompt, to: database)
        case .turn(let call, let turn):
            try referring(to: call, in: database) { try write(turn, of: call, to: database) }
        case .hole(let call, let hole):
            try referring(to: call, in: database) { try write(hole, of: call, to: database) }
        case .used(let call, let used, let currency):
            let counts = Dictionary(
                uniqueKeysWithValues: ModelUsage.Kind.allCases.map { ($0.rawValue, used.usage[$0]) })
            try run(
                database, "UPDATE calls SET usage = ?, cost_micros = ?, currency = ?, sessions = ? WHERE id = ?",
                [try json(counts), used.costMicros, currency, used.sessions, call])
        case .recognized(let heard): try RecognizedWords.write(heard, to: database)
        case .recorded(let call, let path):
            try Artifacts.write(Artifact(call: call, kind: .recording, path: path), to: database)
        case .callEnded(let end):
            try run(
                database,
                """
                UPDATE calls SET ended_ms = ?, end_reason = ?, frame_counts = ? WHERE id = ? AND ended_ms IS NULL
                """,
                [end.endedAtUnixMilliseconds, end.reason, try json(end.frameCounts), end.call])
            guard database.changesCount > 0 else { return (false, false) }
            try StatusWriting.conversationEnded(end, in: database)
            return (true, false)
        case .artifact(let artifact): try Artifacts.write(artifact, to: database)
        case .outgoing(let event): return (try Outbox.write(event, to: database), false)
        case .job(let job): return (try JobQueue.write(job, to: database), false)
        case .fact(let fact, let call, let milliseconds):
            return (try OnceFacts.write(fact, call: call, at: milliseconds, to: database), false)
        case .leg(let leg): return (try StatusWriting.write(leg, to: database), false)
        case .carrierEvent(let event, let change):
            return try StatusWriting.receive(event, change, in: database)
        case .announced(let fact, let event):
            let result = try apply(fact, to: database)
            _ = try Outbox.write(event, to: database)
            return result
        }
        return (database.changesCount > 0, false)
    }

    /// What is known stays, also against somebody who knows less; what is unknown is filled in, by the call's tenant only.
    static func write(_ start: CallStart, to database: Database) throws {
        if let parent = start.parent { try ensureCall(parent, in: database) }
        try run(
            database,
            """
            INSERT INTO calls (id, tenant, direction, from_number, to_number, started_ms, parent, context)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                tenant = excluded.tenant,
                direction = CASE direction WHEN 'unknown' THEN excluded.direction ELSE direction END,
                from_number = CASE from_number WHEN '' THEN excluded.from_number ELSE from_number END,
                to_number = CASE to_number WHEN '' THEN excluded.to_number ELSE to_number END,
                started_ms = CASE tenant WHEN '' THEN excluded.started_ms ELSE started_ms END,
                parent = coalesce(parent, excluded.parent),
                context = coalesce(context, excluded.context)
            WHERE tenant IN ('', excluded.tenant)
            """,
            [
                start.call, start.tenant, start.direction?.rawValue ?? "unknown", start.from, start.to,
                start.startedAtUnixMilliseconds, start.parent, start.context,
            ])
    }

    /// The row a call's other rows refer to. When its start was refused or is still on its way, one that says nothing:
    /// no turn is lost for that, and `callStarted` fills it in.
    static func ensureCall(_ call: String, in database: Database) throws {
        try run(
            database,
            """
            INSERT INTO calls (id, tenant, direction, from_number, to_number, started_ms)
            VALUES (?, '', 'unknown', '', '', 0) ON CONFLICT DO NOTHING
            """, [call])
    }

    /// Nearly always the call is there, and asking first would double the work.
    private static func referring(to call: String, in database: Database, _ write: () throws -> Void) throws {
        do { try write() } catch let error as DatabaseError
            where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY
        {
            try ensureCall(call, in: database)
            try write()
        }
    }

    private static func write(_ turn: Turn, of call: String, to database: Database) throws {
        let latency = turn.latency
        try run(
            database, turnStatement,
            [
                call, turn.index, turn.speaker.rawValue, turn.item?.description, turn.text, turn.textSource.rawValue,
                turn.plannedText, turn.startedAt.milliseconds, turn.endedAt?.milliseconds,
                turn.interruptedAt?.milliseconds, turn.responseMilliseconds, turn.interruptionMilliseconds,
                latency?.origin.rawValue, latency?.endpointing, latency?.request, latency?.followUp, latency?.model,
                latency?.queueing, latency?.carrier, latency?.heard, turn.heardBy?.rawValue, turn.holes,
                turn.holeMilliseconds,
            ])
    }

    /// The last record with the same call and index holds.
    private static let turnStatement: String = {
        let key = ["call", "turn"]
        let rest = [
            "speaker", "item", "text", "text_source", "planned_text", "started_ms", "ended_ms", "interrupted_ms",
            "response_ms", "interruption_ms", "latency_origin", "endpointing_us", "request_us", "follow_up_us",
            "model_us", "queueing_us", "carrier_us", "heard_us", "heard_by", "holes", "hole_ms",
        ]
        return """
            INSERT INTO turns (\((key + rest).joined(separator: ", ")))
            VALUES (\((key + rest).map { _ in "?" }.joined(separator: ", ")))
            ON CONFLICT (call, turn) DO UPDATE SET \(rest.map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
            """
    }()

    private static func write(_ told: TurnHole, of call: String, to database: Database) throws {
        try run(
            database,
            """
            INSERT INTO holes (call, hole, turn, ended_ms, cause, gap_ms, heard_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [
                call, told.index, told.turn, told.endedAt.milliseconds, told.hole.cause.rawValue,
                told.hole.milliseconds, told.hole.audibleMilliseconds,
            ])
    }

    static func run(_ database: Database, _ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
