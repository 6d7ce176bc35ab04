import Conversation
import Foundation
import Testing

@testable import TurnStore

/// Removal of a person, proved by the files' bytes.
@Suite struct `Erasure of a person` {
    let directory: TemporaryDirectory
    var path: String { directory.file("store.sqlite") }
    let number = "+15005550142"
    init() throws { directory = try TemporaryDirectory() }

    /// Two calls of the person, a leg, and somebody else's; the service's store stays open.
    private func fill() throws -> TurnStore {
        let recordings = directory.file("recordings")
        try FileManager.default.createDirectory(atPath: recordings, withIntermediateDirectories: true)
        let store = try TurnStore(path: path)
        for (call, from) in [("CA-one", number), ("CA-two", "+15005550999"), ("CA-other", "+15005550999")] {
            _ = store.appendAndWait(
                .callStarted(
                    CallStart(
                        call: call, tenant: "clinic", direction: .inbound, from: from, to: "+15005550001",
                        startedAtUnixMilliseconds: 1_000)))
            var turn = Turn(index: 0, speaker: .caller, item: nil, startedAt: .init(milliseconds: 5))
            turn.text = "words of \(call)"
            _ = store.appendAndWait(.turn(call: call, turn))
            turn.text = "more words of \(call)"
            _ = store.appendAndWait(.turn(call: call, turn))
            let file = "\(recordings)/\(call).wav"
            try Data("sound of \(call)".utf8).write(to: URL(fileURLWithPath: file))
            try Data("journal \(call)".utf8).write(to: URL(fileURLWithPath: "\(recordings)/\(call)-1000.journal"))
            _ = store.appendAndWait(.artifact(Artifact(call: call, kind: .recording, path: file)))
            _ = store.appendAndWait(
                .outgoing(
                    OutgoingEvent(call: call, tenant: "clinic", kind: .turn, key: call, body: "body \(call)", at: 1)))
            _ = store.appendAndWait(
                .recognized(
                    RecognizedWords(
                        call: call, channel: .caller, recognizer: "vosk", text: "words of \(call)",
                        startMilliseconds: 1, endMilliseconds: 2, heardAtUnixMilliseconds: 3)))
            _ = store.appendAndWait(.job(NewJob(kind: .transcribe, key: call, call: call, at: 1)))
            _ = store.appendAndWait(
                .callEnded(CallEnd(call: call, reason: "callerHungUp", endedAtUnixMilliseconds: 2_000)))
        }
        // The second call is theirs by a webhook's field alone; the third a leg of the first.
        _ = store.appendAndWait(
            .carrierEvent(
                CarrierEvent(
                    account: "AC1", call: "CA-two", kind: "voice", receivedAtUnixMilliseconds: 5,
                    fields: [.init("ForwardedFrom", number)]), nil))
        _ = store.appendAndWait(
            .leg(
                CallLeg(
                    call: "CA-leg", parent: "CA-one", direction: .outbound, from: "+1", to: "+2",
                    atUnixMilliseconds: 1, tenants: ["clinic"])))
        return store
    }

    private func holds(_ text: String) -> [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { ByteSearch.contains(directory.file($0), any: [Array(text.utf8)]) == true }
    }

    private var erasure: Erasure {
        Erasure(.number(number), path: path, directories: [directory.file("recordings")])
    }

    @Test func `a number is gone from every file while the service runs, and nobody else is`() throws {
        let store = try fill()
        #expect(!holds("15005550142").isEmpty && !holds("CA-one").isEmpty)
        let report = try erasure.run(isDryRun: false, now: 1_000_000_000)
        #expect(report.calls == ["CA-leg", "CA-one", "CA-two"])
        #expect(report.isComplete && report.remaining.isEmpty)
        for trace in ["15005550142", "CA-one", "CA-two", "CA-leg"] { #expect(holds(trace).isEmpty, "\(trace)") }
        #expect(report.searched.contains(path))
        for place in report.places { #expect(place.removed == place.found, "\(place)") }
        // The other caller has everything, and the service goes on.
        let other = try #require(try store.call("CA-other"))
        #expect(other.turns.map(\.text) == ["more words of CA-other"] && other.recordings.count == 1)
        #expect(holds("sound of CA-other").count == 1 && holds("journal CA-other").count == 1)
        #expect(store.appendAndWait(start("CA-new")) == .committed(isNew: true, statusChanged: false))
        #expect(!holds(#""subject":"number""#).isEmpty, "that it happened is known")
        store.close()
        #expect(try StoreCheck(path: path, now: 0).isSound)
    }

    @Test func `a dry run says what it would remove, and removes nothing`() throws {
        let store = try fill()
        defer { store.close() }
        let report = try erasure.run(isDryRun: true, now: 1_000_000_000)
        #expect(report.calls.count == 3 && report.places.allSatisfy { $0.removed == 0 && $0.found > 0 })
        #expect(!holds("15005550142").isEmpty && !holds("sound of CA-one").isEmpty)
    }

    @Test func `a call that is up, and what is no number, are refused`() throws {
        let store = try TurnStore(path: path)
        defer { store.close() }
        _ = store.appendAndWait(start("CA1", at: 1_000))
        #expect(throws: StoreError.self) { _ = try Erasure(.call("CA1"), path: path).run(isDryRun: false, now: 2_000) }
        #expect(throws: StoreError.self) { _ = try Erasure(.number("+1"), path: path).run(isDryRun: false, now: 0) }
        #expect(throws: StoreError.self) {
            _ = try Erasure(.call("CA1"), path: directory.file("none.sqlite")).run(isDryRun: false, now: 0)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.file("none.sqlite")))
        #expect(try store.call("CA1") != nil)
    }

    @Test func `what is left is named`() throws {
        let store = try fill()
        defer { store.close() }
        let note = directory.file("recordings/notes.txt")
        try Data("call back \(number)".utf8).write(to: URL(fileURLWithPath: note))
        let report = try erasure.run(isDryRun: false, now: 1_000_000_000)
        #expect(report.remaining == [note] && !report.isComplete)
    }
}
