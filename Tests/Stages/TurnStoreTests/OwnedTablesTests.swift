import Conversation
import Foundation
import GRDB
import Testing

@testable import TurnStore

@Suite struct `Tables beside the conversation's` {
    let directory: TemporaryDirectory
    let store: TurnStore
    var path: String { directory.file("store.sqlite") }
    init() throws {
        directory = try TemporaryDirectory()
        store = try TurnStore(path: directory.file("store.sqlite"))
    }

    @Test func `an event waits until it was delivered or given up, and is one event however often it is said`() throws {
        let outbox = store.outbox
        func event(_ key: String) -> OutgoingEvent {
            OutgoingEvent(call: "CA1", tenant: "clinic", kind: .callEnded, key: key, body: "{\"ש\":1}", at: 10)
        }
        #expect(store.appendAndWait(.outgoing(event("a"))) == .committed(isNew: true, statusChanged: false))
        #expect(try !outbox.add(event("a")) && outbox.add(event("b")) && outbox.add(event("c")))
        #expect(try outbox.due(at: 9).isEmpty)
        let due = try outbox.due(at: 10)
        #expect(due.map(\.event) == ["a", "b", "c"].map(event))
        #expect(try outbox.delivered(id: due[0].id, at: 11) && !outbox.delivered(id: due[0].id, at: 12))
        #expect(try outbox.failed(id: due[1].id, retryAt: 50, error: "timeout", at: 11))
        #expect(
            try outbox.bury(id: due[2].id, error: "410", at: 11)
                && !outbox.failed(id: due[2].id, retryAt: 1, error: "", at: 1))
        #expect(try outbox.due(at: 49).isEmpty && outbox.nextDue() == 50)
        let again = try #require(try outbox.due(at: 50).first)
        #expect(again.event.key == "b" && again.attempts == 1 && again.lastError == "timeout")
        #expect(try outbox.list(state: .dead).map(\.event.key) == ["c"])
        #expect(try outbox.forgetDelivered(before: 11) == 0 && outbox.forgetDelivered(before: 12) == 1)
        #expect(try outbox.list().count == 2)
    }

    @Test func `a fact happens once per call, across a restart too`() throws {
        #expect(try store.facts.record(.greeted, call: "CA1", at: 5))
        #expect(try !store.facts.record(.greeted, call: "CA1", at: 6))
        #expect(try store.facts.record(.hungUp, call: "CA1", at: 7) && store.facts.record(.greeted, call: "CA2", at: 8))
        store.close()
        let next = try TurnStore(path: path)
        #expect(try !next.facts.record(.greeted, call: "CA1", at: 9))
        let again = next.appendAndWait(.fact(.greeted, call: "CA1", atUnixMilliseconds: 10))
        #expect(again == .committed(isNew: false, statusChanged: false))
        #expect(try next.facts.of(call: "CA1") == [.greeted: 5, .hungUp: 7])
    }

    @Test func `a file is one row, and what is known of it is not lost`() throws {
        #expect(store.appendAndWait(.recorded(call: "CA1", path: "/r/a.wav")) != nil)
        try store.artifacts.put(
            Artifact(
                call: "CA1", kind: .recording, path: "/r/a.wav", bytes: 44, sha256: "ff", madeAtUnixMilliseconds: 3,
                details: #"{"channels":2}"#))
        #expect(store.appendAndWait(.recorded(call: "CA1", path: "/r/a.wav")) != nil)
        try store.artifacts.put(Artifact(call: "CA1", kind: .carrierRecording, path: "/r/b.wav"))
        #expect(try store.artifacts.of(call: "CA1").map(\.bytes) == [nil, 44])
        #expect(try store.artifacts.of(call: "CA1", kind: .recording).map(\.details) == [#"{"channels":2}"#])
        #expect(try store.call("CA1")?.recordings == ["/r/a.wav"])
        #expect(throws: StoreError.self) {
            try store.artifacts.put(Artifact(call: "CA1", kind: .recording, path: "/r/c.wav", details: "no JSON"))
        }
        #expect(try store.artifacts.remove(call: "CA1", kind: .recording, path: "/r/a.wav"))
        #expect(try !store.artifacts.remove(call: "CA1", kind: .recording, path: "/r/a.wav"))
    }

    @Test func `a direction that is known is never overwritten, one that is not is filled in by the call's tenant`()
        throws
    {
        func say(
            _ tenant: String, _ direction: CallDirection?, from: String = "", to: String = "", at: Int64 = 1,
            parent: String? = nil, context: String? = nil
        ) {
            _ = store.appendAndWait(
                .callStarted(
                    CallStart(
                        call: "CA1", tenant: tenant, direction: direction, from: from, to: to,
                        startedAtUnixMilliseconds: at, parent: parent, context: context)))
        }
        _ = store.appendAndWait(.turn(call: "CA1", Turn(index: 0, speaker: .caller, item: nil, startedAt: .start)))
        #expect(try store.call("CA1")?.direction == "unknown")
        say("clinic", nil, to: "+1", at: 7)
        #expect(try store.call("CA1")?.direction == "unknown")
        #expect(try store.call("CA1")?.startedAtUnixMilliseconds == 7)
        say("salon", .inbound, from: "+9", context: "{}")
        #expect(try store.call("CA1")?.direction == "unknown", "another tenant's word")
        say("clinic", .outbound, from: "+2", to: "+3", at: 9, parent: "CA0", context: #"{"a":1}"#)
        say("clinic", nil)
        say("clinic", .inbound, from: "+4", parent: "CA5", context: "{}")
        let call = try #require(try store.call("CA1"))
        #expect(call.direction == "outbound" && call.from == "+2" && call.to == "+1" && call.tenant == "clinic")
        #expect(call.startedAtUnixMilliseconds == 7 && call.parent == "CA0" && call.context == #"{"a":1}"#)
        #expect(call.turnCount == 1)
        #expect(try store.call("CA0")?.direction == "unknown")
    }

    @Test func `what belongs to a call goes with it, and nothing can belong to none`() throws {
        _ = store.appendAndWait(start("CA1"))
        _ = store.appendAndWait(.turn(call: "CA1", Turn(index: 0, speaker: .agent, item: nil, startedAt: .start)))
        try store.artifacts.put(Artifact(call: "CA1", kind: .recording, path: "/r"))
        _ = try store.facts.record(.greeted, call: "CA1", at: 1)
        try store.jobs.enqueue(kind: .transcribe, key: "CA1", call: "CA1", at: 1)
        try store.outbox.add(OutgoingEvent(call: "CA1", tenant: "t", kind: .callStarted, key: "k", body: "", at: 1))
        let job = try #require(try store.jobs.claim(worker: "w", lease: 10, at: 1))
        let database = try DatabaseQueue(path: path)
        try database.write { try $0.execute(sql: "DELETE FROM calls WHERE id = 'CA1'") }
        for table in ["turns", "artifacts", "call_facts", "jobs", "outbox"] {
            #expect(try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") } == 0, "\(table)")
        }
        // A worker that comes late with a result about somebody who was erased brings nobody back.
        #expect(
            try !store.jobs.complete(
                job, at: 2, with: [.artifact(Artifact(call: "CA1", kind: .transcript, path: "/t"))]))
        #expect(try store.call("CA1") == nil)
        #expect(throws: DatabaseError.self) {
            try database.write { try $0.execute(sql: "INSERT INTO call_facts VALUES ('CA9', 'greeted', 1)") }
        }
    }

    @Test func `after close, and while another program holds the file, the tables refuse in a sentence`() throws {
        let lock = try locked(path)
        let busy = #expect(throws: StoreError.self) { _ = try store.facts.record(.greeted, call: "CA1", at: 1) }
        #expect(busy?.code == .cannotWrite && busy?.message.contains("locked") == true)
        try lock.inDatabase { try $0.execute(sql: "ROLLBACK") }
        #expect(try store.facts.record(.greeted, call: "CA1", at: 1))
        store.close()
        let closed = #expect(throws: StoreError.self) { _ = try store.jobs.claim(worker: "w", lease: 1, at: 1) }
        #expect(closed?.code == .cannotWrite)
    }

    @Test func `what recognisers heard stands beside the turns, once, and only of calls that are there`() throws {
        let store = try TurnStore(path: path)
        defer { store.close() }
        _ = store.appendAndWait(
            .callStarted(
                CallStart(
                    call: "CA1", tenant: "clinic", direction: .inbound, from: "", to: "", startedAtUnixMilliseconds: 1))
        )
        func words(_ call: String, _ start: Int64) -> RecognizedWords {
            RecognizedWords(
                call: call, channel: .caller, recognizer: "vosk", text: "words at \(start)", confidence: 0.5,
                startMilliseconds: start, endMilliseconds: start + 5, words: "[]", heardAtUnixMilliseconds: 50)
        }
        for start: Int64 in [900, 100, 900] { _ = store.appendAndWait(.recognized(words("CA1", start))) }
        _ = store.appendAndWait(.recognized(words("CA-erased", 1)))
        #expect(try store.call("CA1")?.recognized == [words("CA1", 100), words("CA1", 900)])
        #expect(try store.call("CA-erased") == nil)
        // Where no turn has text, theirs holds, with its source.
        let transcript = try #require(try store.call("CA1")?.transcript)
        #expect(transcript.source == "recognizer" && transcript.lines.map(\.text) == ["words at 100", "words at 900"])
        var turn = Turn(index: 0, speaker: .caller, item: nil, startedAt: .init(milliseconds: 5))
        turn.text = "what the model heard"
        _ = store.appendAndWait(.turn(call: "CA1", turn))
        #expect(try store.call("CA1")?.transcript?.source == "realtime")
        #expect(try store.call("CA1")?.transcript?.lines.map(\.text) == ["what the model heard"])
    }
}
