import Conversation
import Foundation
import GRDB
import Testing

@testable import TurnStore

/// Old databases, made by the migrations of their day and filled as their day's service did.
@Suite struct `Migrations` {
    let directory: TemporaryDirectory
    var path: String { directory.file("store.sqlite") }
    init() throws { directory = try TemporaryDirectory() }

    private static let names = Schema.migrator.migrations

    /// - Parameter version: 1 and up.
    private func makeOld(_ version: Int) throws {
        let database = try DatabaseQueue(path: path)
        try Schema.migrator.migrate(database, upTo: Self.names[version - 1])
        try database.write { database in
            try database.execute(
                sql: """
                    INSERT INTO calls (id, tenant, direction, from_number, to_number, stream, prompt_hash, started_ms,
                        ended_ms, end_reason, frame_counts)
                    VALUES ('CA1', 'clinic', 'inbound', '+1', '+2', 'MZ1', 'ab', 5, 9, 'callerHungUp', '{"in":3}'),
                        ('CA2', 'salon', 'outbound', '+3', '+4', NULL, NULL, 6, NULL, NULL, NULL);
                    INSERT INTO turns (call, turn, speaker, item, text, text_source, planned_text, started_ms)
                    VALUES ('CA1', 0, 'agent', 'i1', 'שלום 🏥', 'estimated', 'שלום', 120),
                        ('CA1', 1, 'caller', NULL, 'yes', 'transcribed', '', 900);
                    INSERT INTO carrier_events VALUES ('AC1', 'CA1', 'status', 2, 7, '[["CallStatus","completed"]]'),
                        ('AC1', 'CA7', 'status', 0, 7, '[]');
                    INSERT INTO call_status (call, status, sequence, changed_ms) VALUES ('CA1', 'completed', 2, 7), ('CA7', 'no-answer', 0, 7);
                    """)
            // Before version 4 rows could belong to a call that no row told of.
            if version >= 4 {
                try database.execute(
                    sql: """
                        INSERT INTO calls (id, tenant, direction, from_number, to_number, started_ms)
                        VALUES ('CA8', '', 'unknown', '', '', 0), ('CA9', '', 'unknown', '', '', 0);
                        """)
            }
            try database.execute(
                sql: """
                    INSERT INTO turns (call, turn, speaker, item, text, text_source, planned_text, started_ms)
                    VALUES ('CA8', 0, 'caller', NULL, 'of a call nobody told of', 'none', '', 1);
                    INSERT INTO \(version >= 4 ? "artifacts (path, call, kind)" : "recordings (path, call)")
                    SELECT *\(version >= 4 ? ", 'recording'" : "") FROM (
                        VALUES ('/r/CA1.wav', 'CA1'), ('/r/CA1.opus', 'CA1'), ('/r/CA9.wav', 'CA9'));
                    """)
            if version >= 2 {
                try database.execute(
                    sql: """
                        UPDATE turns SET latency_origin = 'callStart', model_us = 5, queueing_us = 1, carrier_us = 2,
                            heard_us = 8, heard_by = 'marks', holes = 1, hole_ms = 40 WHERE call = 'CA1' AND turn = 0;
                        INSERT INTO holes VALUES ('CA1', 0, 0, 500, 'modelLate', 60, 40);
                        """)
            }
            if version >= 3 {
                try database.execute(
                    sql: """
                        UPDATE calls SET usage = '{}', cost_micros = 7, currency = 'USD', sessions = 2 WHERE id = 'CA1'
                        """)
            }
        }
        try database.close()
    }

    @Test(arguments: 1...8) func `a database of every earlier version comes up to date with all it held`(version: Int)
        throws
    {
        try makeOld(version)
        let store = try TurnStore(path: path)
        #expect(Self.names.count == 9, "a new migration: add its predecessor to the arguments")
        let first = try #require(try store.call("CA1"))
        #expect(first.tenant == "clinic" && first.direction == "inbound" && first.from == "+1" && first.to == "+2")
        #expect(first.stream == "MZ1" && first.promptHash == "ab" && first.startedAtUnixMilliseconds == 5)
        #expect(
            first.endedAtUnixMilliseconds == 9 && first.endReason == "callerHungUp" && first.frameCounts == ["in": 3])
        #expect(first.status == "completed" && first.recordings == ["/r/CA1.opus", "/r/CA1.wav"])
        #expect(first.turns.map(\.text) == ["שלום 🏥", "yes"] && first.turns.map(\.item) == ["i1", nil])
        #expect(first.turns[0].latency?.heard == (version >= 2 ? 8 : nil))
        #expect(first.turns[0].holeMilliseconds == (version >= 2 ? 40 : 0))
        #expect(first.holes.count == (version >= 2 ? 1 : 0))
        #expect(first.usage?.costMicros == (version >= 3 ? 7 : nil))
        #expect(try store.call("CA2")?.direction == "outbound")
        // What belonged to no row of `calls` is kept, under one that says only what is known.
        let lone = try #require(try store.call("CA8"))
        #expect(
            lone.turns.map(\.text) == ["of a call nobody told of"] && lone.tenant == "" && lone.direction == "unknown")
        #expect(try store.call("CA9")?.recordings == ["/r/CA9.wav"])
        #expect(try store.reader.carrierEvents(of: "CA7").count == 1)
        #expect(try store.call("CA7") == nil)
        // And it works.
        _ = store.appendAndWait(start("CA3"))
        #expect(try store.facts.record(.greeted, call: "CA2", at: 1))
        store.close()
        try DatabaseQueue(path: path).read { (database) throws in
            #expect(try String.fetchAll(database, sql: "PRAGMA integrity_check") == ["ok"])
            #expect(try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").isEmpty)
            #expect(
                try String.fetchOne(database, sql: "SELECT status FROM call_status WHERE call = 'CA7'") == "no-answer")
        }
    }

    @Test func `a migrated database has the tables of a new one`() throws {
        try makeOld(1)
        try TurnStore(path: path).close()
        try TurnStore(path: directory.file("new.sqlite")).close()
        func schema(_ path: String) throws -> [String] {
            try DatabaseQueue(path: path).read {
                try String.fetchAll($0, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
            }
        }
        #expect(try schema(path) == schema(directory.file("new.sqlite")))
    }

    @Test func `the tables' checks know exactly the cases of the enums`() throws {
        let path = directory.file("new.sqlite")
        try TurnStore(path: path).close()
        let database = try DatabaseQueue(path: path)
        for known in Schema.enums {
            let (table, column, words) = (known.table, known.column, known.words)
            let sql = try #require(
                try database.read {
                    try String.fetchOne($0, sql: "SELECT sql FROM sqlite_master WHERE name = ?", arguments: [table])
                })
            let list = try #require(sql.range(of: "CHECK \\(\(column) IN\\s*\\([^)]*\\)", options: .regularExpression))
            let listed = sql[list].split(separator: "'").enumerated().filter { $0.offset % 2 == 1 }.map {
                String($0.element)
            }
            #expect(listed.sorted() == words.sorted(), "\(table).\(column)")
        }
    }
}
