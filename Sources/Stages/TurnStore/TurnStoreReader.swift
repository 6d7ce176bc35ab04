import Foundation
import GRDB

/// Reads a store. Any thread; never waits for the writer.
public struct TurnStoreReader: Sendable {
    private let path: String
    private let open: @Sendable () -> any DatabaseReader

    /// - Parameter open: the database that is open now; asked for each reading.
    init(path: String, open: @escaping @Sendable () -> any DatabaseReader) { (self.path, self.open) = (path, open) }

    /// Calls without their turns, newest first.
    /// - Parameter limit: at least 0.
    public func calls(limit: Int = 50, offset: Int = 0, tenant: String? = nil) throws(StoreError) -> [StoredCall] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    \(Self.selectCalls) \(tenant == nil ? "" : "WHERE calls.tenant = :tenant")
                    ORDER BY calls.started_ms DESC, calls.id DESC LIMIT :limit OFFSET :offset
                    """,
                arguments: ["limit": max(0, limit), "offset": max(0, offset)]
                    + (tenant.map { ["tenant": $0] } ?? [:] as StatementArguments))
            return try rows.map { try Self.call($0, in: database) }
        }
    }

    /// One call with its turns, in one snapshot; nil when there is none of that id.
    public func call(_ id: String) throws(StoreError) -> StoredCall? {
        try read { database in
            let row = try Row.fetchOne(database, sql: "\(Self.selectCalls) WHERE calls.id = ?", arguments: [id])
            guard let row else { return nil }
            var call = try Self.call(row, in: database)
            call.turns = try Row.fetchAll(
                database, sql: "SELECT * FROM turns WHERE call = ? ORDER BY turn", arguments: [id]
            ).map(Self.turn)
            call.holes = try Row.fetchAll(
                database, sql: "SELECT * FROM holes WHERE call = ? ORDER BY hole", arguments: [id]
            ).map(Self.hole)
            call.recognized = try RecognizedWords.of(id, in: database)
            call.transcript = try StoredTranscript.of(call, in: database)
            return call
        }
    }

    /// Webhooks of a call, by kind and sequence.
    public func carrierEvents(of call: String) throws(StoreError) -> [CarrierEvent] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM carrier_events WHERE call = ? ORDER BY received_ms, kind, sequence",
                arguments: [call]
            ).map { row in
                let text: String = row["fields"]
                let pairs = try JSONDecoder().decode([[String]].self, from: Data(text.utf8))
                return CarrierEvent(
                    account: row["account"], call: row["call"], kind: row["kind"], sequence: row["sequence"],
                    receivedAtUnixMilliseconds: row["received_ms"],
                    fields: pairs.filter { $0.count == 2 }.map { .init($0[0], $0[1]) })
            }
        }
    }

    /// Indexes of the turns stored for a call, whether or not the call itself is known.
    func turnIndexes(of call: String) throws(StoreError) -> Set<Int> {
        try read { Set(try Int.fetchAll($0, sql: "SELECT turn FROM turns WHERE call = ?", arguments: [call])) }
    }

    static let selectCalls = """
        SELECT calls.*, call_status.status AS status, call_status.duration_s AS duration_s,
            (SELECT count(*) FROM turns WHERE turns.call = calls.id) AS turn_count
        FROM calls LEFT JOIN call_status ON call_status.call = calls.id
        """

    static func call(_ row: Row, in database: Database) throws -> StoredCall {
        let id: String = row["id"]
        let counts: String? = row["frame_counts"]
        var call = StoredCall(
            id: id, tenant: row["tenant"], direction: row["direction"], from: row["from_number"], to: row["to_number"],
            stream: row["stream"], promptHash: row["prompt_hash"], startedAtUnixMilliseconds: row["started_ms"],
            endedAtUnixMilliseconds: row["ended_ms"], endReason: row["end_reason"], status: row["status"],
            recordings: try String.fetchAll(
                database, sql: "SELECT path FROM artifacts WHERE call = ? AND kind = 'recording' ORDER BY path",
                arguments: [id]),
            frameCounts: try counts.map { try JSONDecoder().decode([String: Int64].self, from: Data($0.utf8)) } ?? [:],
            turnCount: row["turn_count"], turns: [])
        (call.parent, call.context, call.durationSeconds) = (row["parent"], row["context"], row["duration_s"])
        if let usage: String = row["usage"] {
            call.usage = StoredUsage(
                counts: try JSONDecoder().decode([String: Int64].self, from: Data(usage.utf8)),
                costMicros: row["cost_micros"] ?? 0, currency: row["currency"] ?? "", sessions: row["sessions"] ?? 0)
        }
        return call
    }

    private static func turn(_ row: Row) -> StoredTurn {
        var turn = StoredTurn(
            index: row["turn"], speaker: row["speaker"], item: row["item"], text: row["text"],
            textSource: row["text_source"], plannedText: row["planned_text"], startedAtMilliseconds: row["started_ms"],
            endedAtMilliseconds: row["ended_ms"], interruptedAtMilliseconds: row["interrupted_ms"],
            responseMilliseconds: row["response_ms"], interruptionMilliseconds: row["interruption_ms"])
        (turn.heardBy, turn.holes, turn.holeMilliseconds) = (row["heard_by"], row["holes"], row["hole_ms"])
        if let origin: String = row["latency_origin"] {
            turn.latency = StoredLatency(
                origin: origin, endpointing: row["endpointing_us"], request: row["request_us"],
                followUp: row["follow_up_us"], model: row["model_us"], queueing: row["queueing_us"],
                carrier: row["carrier_us"], heard: row["heard_us"])
        }
        return turn
    }

    private static func hole(_ row: Row) -> StoredHole {
        StoredHole(
            turn: row["turn"], endedAtMilliseconds: row["ended_ms"], cause: row["cause"],
            gapMilliseconds: row["gap_ms"], heardMilliseconds: row["heard_ms"])
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do { return try open().read(body) } catch {
            throw StoreError(.cannotRead, "turn store \(path): cannot be read: \(StoreWriter.describe(error))")
        }
    }
}
