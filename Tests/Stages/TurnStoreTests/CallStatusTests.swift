import Conversation
import Foundation
import GRDB
import Synchronization
import Testing

@testable import TurnStore

@Suite struct `Call status` {
    let directory: TemporaryDirectory
    let store: TurnStore
    var path: String { directory.file("store.sqlite") }
    init() throws {
        directory = try TemporaryDirectory()
        store = try TurnStore(path: directory.file("store.sqlite"))
    }

    private func say(
        _ status: CallStatus, _ sequence: Int64, account: String = "AC1", by tenants: [String] = ["clinic"]
    ) -> AppendOutcome? {
        var event = event(sequence: sequence)
        event.account = account
        return store.appendAndWait(.carrierEvent(event, StatusChange(to: status, tenants: tenants)))
    }

    private func end(_ call: String = "CA1") -> StoreRecord {
        .callEnded(CallEnd(call: call, reason: "callerHungUp", endedAtUnixMilliseconds: 90))
    }

    private func stream(_ call: String = "CA1") -> StoreRecord {
        .streamStarted(call: call, stream: "MZ1", atUnixMilliseconds: 30)
    }

    @Test func `R12 a status moves only along the table, together with its event`() throws {
        _ = store.appendAndWait(start("CA1"))
        #expect(say(.inProgress, 2) == .committed(isNew: true, statusChanged: true))
        #expect(say(.ringing, 1) == .committed(isNew: true, statusChanged: false))
        #expect(try store.call("CA1")?.status == "in-progress")
        #expect(say(.inProgress, 2) == .committed(isNew: false, statusChanged: false))
        #expect(say(.completed, 3) == .committed(isNew: true, statusChanged: true))
        for (number, status) in CallStatus.allCases.enumerated() {
            #expect(
                say(status, Int64(10 + number)) == .committed(isNew: true, statusChanged: false), "final stays final")
        }
        #expect(try store.call("CA1")?.status == "completed")
    }

    @Test func `R13 nobody but its tenant changes a call's status`() throws {
        _ = store.appendAndWait(start("CA1", tenant: "clinic"))
        let foreign = say(.completed, 1, account: "AC2", by: ["salon"])
        #expect(foreign == .committed(isNew: true, statusChanged: false))
        #expect(try store.call("CA1")?.status == nil)
        // Nor is the tenant's own event taken for a repetition of it.
        #expect(say(.completed, 1, by: ["salon", "clinic"]) == .committed(isNew: true, statusChanged: true))
    }

    @Test func `the right to write it is given once`() {
        let (first, second) = (store.takeStatusWriter() != nil, store.takeStatusWriter() != nil)
        #expect(first && !second)
    }

    @Test func `an inbound call without a single callback begins and ends by its stream`() throws {
        _ = store.appendAndWait(start("CA1"))
        #expect(say(.ringing, 0) != nil)
        _ = store.appendAndWait(stream())
        #expect(try store.call("CA1")?.status == "in-progress")
        _ = store.appendAndWait(stream())
        _ = store.appendAndWait(end())
        _ = store.appendAndWait(end())
        #expect(try store.call("CA1")?.status == "completed")
        // The inbox explains it: what the service saw itself is an event like the carrier's.
        let kinds = try store.reader.carrierEvents(of: "CA1").map { "\($0.account) \($0.kind)" }
        #expect(kinds == ["AC1 status", "media-bridge media-started", "media-bridge conversation-ended"])
        // The carrier's late words change nothing but what nobody else knows.
        #expect(say(.inProgress, 1) == .committed(isNew: true, statusChanged: false))
        _ = store.appendAndWait(
            .carrierEvent(event(sequence: 2), StatusChange(to: .completed, tenants: ["clinic"], durationSeconds: 61)))
        let call = try #require(try store.call("CA1"))
        #expect(call.status == "completed" && call.durationSeconds == 61)
    }

    @Test func `of an outbound call, and of one whose direction nobody knows, only the carrier says how it ended`()
        throws
    {
        for (call, direction) in [("CA1", CallDirection.outbound), ("CA2", nil)] {
            _ = store.appendAndWait(
                .callStarted(
                    CallStart(
                        call: call, tenant: "clinic", direction: direction, from: "", to: "",
                        startedAtUnixMilliseconds: 1)))
            _ = store.appendAndWait(end(call))
            #expect(try store.call(call)?.status == nil)
        }
        #expect(say(.busy, 1) == .committed(isNew: true, statusChanged: true))
        #expect(try store.call("CA1")?.status == "busy")
    }

    @Test func `S61 what the service saw and what the carrier said, in all 720 orders, end in one state`() throws {
        let words: [(CallStatus?, StoreRecord)] = [
            (.queued, start("x")), (.ringing, start("x")), (.inProgress, start("x")), (.completed, start("x")),
            (nil, stream()), (nil, end()),
        ]
        let orders = permutations(Array(words.indices))
        #expect(orders.count == 720)
        for (number, order) in orders.enumerated() {
            let call = "CA\(number)"
            store.appendDurably(start(call)) { _ in }
            for index in order.flatMap({ [$0, $0] }) {
                let record: StoreRecord
                if let status = words[index].0 {
                    let change = StatusChange(
                        to: status, tenants: ["clinic"], durationSeconds: status == .completed ? 7 : nil)
                    record = .carrierEvent(event(sequence: Int64(index), call: call), change)
                } else {
                    record = index == 4 ? stream(call) : end(call)
                }
                store.appendDurably(record) { #expect($0 != .refused) }
            }
            // Half of the inlet is never used: the next call waits for this one.
            if number.isMultiple(of: 100) { _ = store.appendAndWait(start(call)) }
        }
        store.close()
        #expect(store.health.rejected == 0 && store.health.refused == 0)
        let counts = try DatabaseQueue(path: path).read { database in
            (
                try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM call_status WHERE status = 'completed' AND duration_s = 7"),
                try Int.fetchOne(database, sql: "SELECT count(*) FROM carrier_events"),
                try Int.fetchOne(database, sql: "SELECT count(*) FROM calls WHERE ended_ms = 90 AND stream = 'MZ1'")
            )
        }
        #expect(counts.0 == 720 && counts.1 == 6 * 720 && counts.2 == 720)
    }

    @Test func `the database's own guard knows exactly the table`() throws {
        let database = try DatabaseQueue(path: path)
        for from in CallStatus.allCases {
            for to in CallStatus.allCases {
                var isMoved = true
                do {
                    try database.write { database in
                        try database.execute(
                            sql: """
                                DELETE FROM call_status; INSERT INTO call_status VALUES ('CA1', '\(from.rawValue)', 0, 0, NULL);
                                UPDATE call_status SET status = '\(to.rawValue)';
                                """)
                    }
                } catch { isMoved = false }
                #expect(isMoved == CallStatus.allows(from, to), "\(from) -> \(to)")
            }
        }
    }

    @Test func `an event that was taken in is not rewritten, only emptied`() throws {
        var told = event(sequence: 1)
        told.fields = [.init("From", "+15005550006")]
        _ = store.appendAndWait(.carrierEvent(told, nil))
        let database = try DatabaseQueue(path: path)
        for change in [
            "fields = '[[\"From\",\"+2\"]]'", "kind = 'x'", "sequence = 9", "received_ms = 1", "account = 'AC9'",
        ] {
            #expect(throws: DatabaseError.self, "\(change)") {
                try database.write { try $0.execute(sql: "UPDATE carrier_events SET \(change)") }
            }
        }
        try database.write { try $0.execute(sql: "UPDATE carrier_events SET fields = '[]'") }
        #expect(try store.reader.carrierEvents(of: "CA1").map(\.fields) == [[]])
    }

    @Test func `the document shows the table, all of it, in order`() throws {
        let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let root = (0..<4).reduce(file) { url, _ in url.deletingLastPathComponent() }
        let text = try String(contentsOf: root.appendingPathComponent("docs/CALL_STATE_MACHINE.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let heading = try #require(lines.firstIndex(of: "| status | may follow | final |"))
        let rows = lines[heading...].dropFirst(2).prefix { !$0.isEmpty }
        #expect(
            Array(rows)
                == CallStatus.allCases.map { status in
                    let sources = status.sources.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                    return "| `\(status.rawValue)` | \(sources.isEmpty ? "nothing" : sources) | "
                        + "\(status.isFinal ? "yes" : "no") |"
                })
    }
}

/// All orders of some things.
func permutations(_ items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index in
        var rest = items
        let first = rest.remove(at: index)
        return permutations(rest).map { [first] + $0 }
    }
}
