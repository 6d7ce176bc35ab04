import Conversation
import Foundation
import Testing

@testable import TurnStore

@Suite struct `Retention of calls` {
    let directory: TemporaryDirectory
    var path: String { directory.file("store.sqlite") }
    let day: Int64 = 86_400_000
    init() throws { directory = try TemporaryDirectory() }

    /// A call a day, for ten days, of two tenants; the last one of `clinic` is up.
    private func fill() throws -> TurnStore {
        let store = try TurnStore(path: path)
        for age in Int64(1)...10 {
            for tenant in ["clinic", "salon"] {
                let call = "CA-\(tenant)-\(age)"
                _ = store.appendAndWait(start(call, tenant: tenant, at: (100 - age) * day))
                var turn = Turn(index: 0, speaker: .caller, item: nil, startedAt: .init(milliseconds: 5))
                turn.text = "secret of \(call)."
                _ = store.appendAndWait(.turn(call: call, turn))
                _ = store.appendAndWait(
                    .recognized(
                        RecognizedWords(
                            call: call, channel: .caller, recognizer: "vosk", text: "secret heard of \(call).",
                            startMilliseconds: 1, endMilliseconds: 2, heardAtUnixMilliseconds: 3)))
                let file = directory.file("\(call).wav")
                try Data(repeating: 1, count: 400_000).write(to: URL(fileURLWithPath: file))
                try Data("j".utf8).write(to: URL(fileURLWithPath: directory.file("\(call)-\(age).journal")))
                _ = store.appendAndWait(.artifact(Artifact(call: call, kind: .recording, path: file, bytes: 400_000)))
                _ = store.appendAndWait(.carrierEvent(event(call: call), nil))
                _ = store.appendAndWait(
                    .callEnded(
                        CallEnd(
                            call: call, reason: "callerHungUp", endedAtUnixMilliseconds: (100 - age) * day + 60_000)))
            }
        }
        _ = store.appendAndWait(start("CA-up", tenant: "clinic", at: 100 * day - 1_000))
        return store
    }

    private func files(_ suffix: String, _ tenant: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).count {
            $0.hasSuffix(suffix) && $0.contains(tenant)
        }
    }

    @Test func `each kind goes at its own age, of its own tenant, and leaves no bytes`() throws {
        let store = try fill()
        let retention = Retention(store, journals: directory.path)
        let policy = RetentionPolicy(audioDays: 3, transcriptDays: 5, numberDays: 7)
        let counts = try retention.sweep(tenant: "clinic", policy, now: 100 * day)
        #expect(counts == RetentionCounts(audioFiles: 7, transcripts: 10, numbers: 3, failures: 0))
        #expect(try files(".wav", "clinic") == 3 && files(".wav", "salon") == 10)
        #expect(try files(".journal", "clinic") == 5 && files(".journal", "salon") == 10)
        let calls = try store.calls(limit: 100, tenant: "clinic")
        #expect(calls.count == 11 && calls.count { $0.from.isEmpty } == 3)
        #expect(try store.call("CA-clinic-6")?.turns.map(\.text) == [""])
        #expect(try store.call("CA-clinic-4")?.turns.map(\.text) == ["secret of CA-clinic-4."])
        #expect(try store.call("CA-clinic-6")?.recognized.isEmpty == true)
        #expect(try store.call("CA-clinic-4")?.recognized.count == 1)
        #expect(try store.call("CA-salon-10")?.turns.map(\.text) == ["secret of CA-salon-10."])
        // Once more there is nothing to do.
        #expect(try retention.sweep(tenant: "clinic", policy, now: 100 * day).isEmpty)
        store.close()
        #expect(ByteSearch.contains(path, any: [Array("secret heard of CA-clinic-6.".utf8)]) == false)
        #expect(ByteSearch.contains(path, any: [Array("secret of CA-clinic-6.".utf8)]) == false)
        #expect(ByteSearch.contains(path, any: [Array("secret of CA-clinic-4.".utf8)]) == true)
    }

    @Test func `by size the oldest go first, and none of a call that is up`() throws {
        let store = try fill()
        defer { store.close() }
        let live = directory.file("CA-up.wav")
        try Data(repeating: 1, count: 900_000).write(to: URL(fileURLWithPath: live))
        _ = store.appendAndWait(.artifact(Artifact(call: "CA-up", kind: .recording, path: live)))
        let counts = try Retention(store, journals: nil).sweep(
            tenant: "clinic", RetentionPolicy(maximumMegabytes: 2), now: 100 * day)
        // 4.9 MB: eight of 0.4 go, and 1.7 are left.
        #expect(counts.audioFiles == 8)
        #expect(try files(".wav", "clinic") == 2 && FileManager.default.fileExists(atPath: live))
        #expect(FileManager.default.fileExists(atPath: directory.file("CA-clinic-1.wav")))
        let least = try Retention(store, journals: nil).sweep(
            tenant: "clinic", RetentionPolicy(maximumMegabytes: 0), now: 100 * day)
        #expect(least.audioFiles == 2 && FileManager.default.fileExists(atPath: live))
    }

    @Test func `broken off after the files, the next sweep ends it`() throws {
        let store = try fill()
        defer { store.close() }
        for age in 4...10 { try FileManager.default.removeItem(atPath: directory.file("CA-clinic-\(age).wav")) }
        let counts = try Retention(store, journals: nil).sweep(
            tenant: "clinic", RetentionPolicy(audioDays: 3), now: 100 * day)
        #expect(counts.audioFiles == 7)
        #expect(try store.call("CA-clinic-9")?.recordings == [])
    }
}
