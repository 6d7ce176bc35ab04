import Conversation
import Foundation
import GRDB
import Testing

@testable import TurnStore

@Suite struct `Store check` {
    let directory: TemporaryDirectory
    var path: String { directory.file("store.sqlite") }
    private static let day: Int64 = 86_400_000

    init() throws {
        directory = try TemporaryDirectory()
        let store = try TurnStore(path: path)
        _ = store.appendAndWait(start("CA1"))
        _ = store.appendAndWait(.callEnded(CallEnd(call: "CA1", reason: "callerHungUp", endedAtUnixMilliseconds: 9)))
        store.close()
    }

    private func check() throws -> StoreCheck { try StoreCheck(path: path, now: 2_000) }

    /// Past every guard, as somebody with a shell would.
    private func tamper(_ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        try DatabaseQueue(path: path, configuration: configuration).writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA ignore_check_constraints = ON; PRAGMA writable_schema = ON; \(sql)")
        }
    }

    @Test func `a store as the service leaves it is sound`() throws {
        let check = try check()
        #expect(check.isSound && check.findings.isEmpty)
        #expect(check.schemaVersion == 9 && check.knownVersion == 9)
        #expect(check.rows["calls"] == 1 && check.rows["turns"] == 0 && check.rows["carrier_events"] == 1)
        #expect(check.rows.count == 16)
    }

    @Test(arguments: [
        (
            "INSERT INTO turns (call, turn, speaker, text, text_source, planned_text, started_ms) "
                + "VALUES ('CA9', 0, 'agent', '', 'none', '', 0)", "1 row(s) of turns refer to a call that is not there"
        ),
        ("UPDATE calls SET direction = 'sideways'", "1 row(s) of calls have an unknown direction"),
        (
            "INSERT INTO call_status VALUES ('CA2', 'answered', 0, 0, NULL)",
            "1 row(s) of call_status have an unknown status"
        ),
        ("DROP TRIGGER call_status_moves", "schema: call_status_moves is missing"),
        ("DROP INDEX calls_by_tenant", "schema: calls_by_tenant is missing"),
        ("ALTER TABLE jobs ADD COLUMN more TEXT", "schema: jobs is not as the service made it"),
        ("INSERT INTO grdb_migrations VALUES ('9 of the future')", "schema: made by a newer version of media-bridge"),
    ]) func `what somebody did past the service is named, with advice`(sql: String, what: String) throws {
        try tamper(sql)
        let check = try check()
        #expect(!check.isSound)
        let finding = try #require(check.findings.first { $0.what == what }, "\(check.findings)")
        #expect(finding.severity == .problem && !finding.advice.isEmpty)
    }

    @Test func `a damaged file is a problem, not a crash`() throws {
        let store = try TurnStore(path: path)
        for number in 0..<2_000 { store.appendDurably(start("CA-\(number)")) { _ in } }
        store.close()
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        for page in 6..<12 {
            try file.seek(toOffset: UInt64(page * 4_096 + 16))
            try file.write(contentsOf: [UInt8](repeating: 0xA5, count: 2_000))
        }
        try file.close()
        do {
            let check = try StoreCheck(path: path, now: 0)
            #expect(check.findings.first.map { $0.what.hasPrefix("integrity: ") && $0.severity == .problem } == true)
        } catch { #expect(error.code == .cannotRead, "\(error)") }
    }

    @Test func `what is not wrong is only noted`() throws {
        let store = try TurnStore(path: path)
        _ = store.appendAndWait(start("CA2"))
        try store.artifacts.put(Artifact(call: "CA3", kind: .recording, path: "/nowhere/CA3.wav"))
        _ = store.appendAndWait(.carrierEvent(event(call: "CA7"), StatusChange(to: .busy, tenants: [])))
        try store.jobs.enqueue(kind: .transcribe, key: "a", call: nil, at: 1)
        _ = try store.jobs.claim(worker: "w", lease: 5, at: 1)
        try store.jobs.enqueue(kind: .transcribe, key: "b", call: nil, at: 1)
        let job = try #require(try store.jobs.claim(worker: "w", lease: 5 * Self.day, at: 2))
        try store.jobs.bury(job, error: "410", at: 3)
        let check = try StoreCheck(path: path, now: 2 * Self.day)
        #expect(check.isSound)
        #expect(
            check.findings.map(\.what) == [
                "1 call(s) of which only their rows are known", "1 call(s) began over a day ago and never ended",
                "1 carrier event(s) and 1 status(es) of calls that were never ours", "1 job(s) whose worker is gone",
                "1 job(s) and 0 event(s) were given up", "1 of 1 artifact(s) have no file at their path",
            ])
    }

    @Test func `an older version's file is sound, and not read as if it were ours`() throws {
        let old = directory.file("old.sqlite")
        try Schema.migrator.migrate(DatabaseQueue(path: old), upTo: Schema.migrator.migrations[2])
        let check = try StoreCheck(path: old, now: 0)
        #expect(check.isSound && check.schemaVersion == 3)
        #expect(check.findings.map(\.what) == ["schema: version 3 of 9"])
        let refusal = #expect(throws: StoreError.self) { _ = try TurnStore.openReadOnly(old) }
        #expect(refusal?.code == .olderDatabase)
        try TurnStore(path: old).close()
        #expect(try TurnStore.openReadOnly(old).calls().isEmpty)
    }

    @Test func `a file that is no store of ours is refused`() throws {
        let other = directory.file("other.sqlite")
        try DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE things (a)") }
        #expect(throws: StoreError.self) { _ = try StoreCheck(path: other, now: 0) }
        #expect(throws: StoreError.self) { _ = try StoreCheck(path: directory.file("none"), now: 0) }
    }

    @Test func `a reader of the file sees the other tables too`() throws {
        let store = try TurnStore(path: path)
        try store.artifacts.put(Artifact(call: "CA1", kind: .recording, path: "/r"))
        _ = try store.facts.record(.greeted, call: "CA1", at: 4)
        try store.outbox.add(OutgoingEvent(call: "CA1", tenant: "t", kind: .callEnded, key: "k", body: "{}", at: 1))
        try store.jobs.enqueue(kind: .transcribe, key: "CA1", call: "CA1", at: 1)
        let job = try #require(try store.jobs.claim(worker: "w", lease: 9, at: 1))
        let text = OfflineTranscript(
            call: "CA1", channel: .agent, text: "a", engine: "e", audioMilliseconds: 1, madeAtUnixMilliseconds: 1)
        let decision = TranscriptDecision(call: "CA1", source: .realtime, reason: "r", decidedAtUnixMilliseconds: 2)
        try store.jobs.complete(job, at: 2, with: [.transcript(text), .decision(decision)])
        _ = store.appendAndWait(
            .leg(
                CallLeg(
                    call: "CA2", parent: "CA1", direction: .outbound, from: "", to: "+1", atUnixMilliseconds: 3,
                    tenants: ["clinic"])))
        let reader = try TurnStore.openReadOnly(path)
        #expect(try reader.artifacts(of: "CA1").map(\.path) == ["/r"] && reader.facts(of: "CA1") == [.greeted: 4])
        #expect(try reader.transcripts(of: "CA1") == [text] && reader.transcriptDecision(of: "CA1") == decision)
        #expect(try reader.jobs(state: .done).count == 1 && reader.jobs(call: "CA2").isEmpty)
        #expect(try reader.outbox().count == 1 && reader.outbox(state: .dead).isEmpty)
        #expect(try reader.legs(of: "CA1").map(\.to) == ["+1"])
    }
}
