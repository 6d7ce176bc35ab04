import Foundation
import GRDB
import Synchronization
import Testing

@testable import TurnStore

@Suite struct `Job queue` {
    let directory: TemporaryDirectory
    let store: TurnStore
    var jobs: JobQueue { store.jobs }
    init() throws {
        directory = try TemporaryDirectory()
        store = try TurnStore(path: directory.file("store.sqlite"))
    }

    @Test func `the same work asked for twice is one job`() throws {
        #expect(try jobs.enqueue(kind: .transcribe, key: "CA1", call: "CA1", payload: #"{"a":1}"#, at: 10))
        #expect(try !jobs.enqueue(kind: .transcribe, key: "CA1", call: "CA1", at: 20))
        #expect(try jobs.enqueue(kind: .fetchRecording, key: "CA1", call: "CA1", at: 30))
        let record = StoreRecord.job(NewJob(kind: .transcribe, key: "CA1", call: "CA1", at: 40))
        #expect(store.appendAndWait(record) == .committed(isNew: false, statusChanged: false))
        let job = try #require(try jobs.job(kind: .transcribe, key: "CA1"))
        #expect(job.payload == #"{"a":1}"# && job.state == .queued && job.attempts == 0)
        #expect(try jobs.list().count == 2)
        // Done is remembered too.
        let claimed = try #require(try jobs.claim(kinds: [.transcribe], worker: "w", lease: 5, at: 50))
        #expect(try jobs.complete(claimed, at: 51))
        #expect(try !jobs.enqueue(kind: .transcribe, key: "CA1", call: "CA1", at: 60))
        #expect(try jobs.claim(kinds: [.transcribe], worker: "w", lease: 5, at: 70) == nil)
    }

    @Test func `a job is leased when it is due, oldest first, of the kinds asked for`() throws {
        try jobs.enqueue(kind: .transcribe, key: "late", call: nil, notBefore: 100, at: 1)
        try jobs.enqueue(kind: .fetchRecording, key: "other", call: nil, at: 2)
        try jobs.enqueue(kind: .transcribe, key: "first", call: nil, at: 3)
        let first = try #require(try jobs.claim(kinds: [.transcribe], worker: "a", lease: 50, at: 10))
        #expect(first.key == "first" && first.state == .leased && first.worker == "a")
        #expect(first.attempts == 1 && first.leaseUntilUnixMilliseconds == 60)
        #expect(try jobs.claim(kinds: [.transcribe], worker: "a", lease: 50, at: 11) == nil)
        #expect(try jobs.claim(kinds: [.transcribe], worker: "a", lease: 50, at: 100)?.key == "first", "lease ran out")
        #expect(try jobs.claim(kinds: [.transcribe], worker: "a", lease: 50, at: 100)?.key == "late")
        #expect(try jobs.claim(kinds: [], worker: "a", lease: 50, at: 100) == nil)
    }

    @Test func `who lost the lease can neither finish nor fail the job, nor leave anything behind`() throws {
        try jobs.enqueue(kind: .transcribe, key: "CA1", call: "CA1", at: 1)
        let lost = try #require(try jobs.claim(worker: "a", lease: 10, at: 1))
        let held = try #require(try jobs.claim(worker: "a", lease: 10, at: 11), "the same worker's next life")
        let decision = TranscriptDecision(
            call: "CA1", source: .recording, reason: "longer", decidedAtUnixMilliseconds: 12)
        #expect(try !jobs.complete(lost, at: 12, with: [.decision(decision)]))
        #expect(try !jobs.fail(lost, retryAt: 20, error: "e", at: 12))
        #expect(try !jobs.bury(lost, error: "e", at: 12))
        #expect(try !jobs.extend(lost, until: 99, at: 12))
        #expect(try store.transcripts.decision(call: "CA1") == nil)
        #expect(try jobs.extend(held, until: 99, at: 12))
        #expect(try jobs.claim(worker: "b", lease: 10, at: 98) == nil)
        #expect(try jobs.complete(held, at: 98, with: [.decision(decision)]))
        #expect(try store.transcripts.decision(call: "CA1") == decision)
        #expect(try !jobs.complete(held, at: 99))
    }

    @Test func `results go in together or not at all`() throws {
        try jobs.enqueue(kind: .transcribe, key: "CA1", call: "CA1", at: 1)
        let job = try #require(try jobs.claim(worker: "a", lease: 10, at: 1))
        let words = OfflineTranscript(
            call: "CA1", channel: .caller, text: "שלום", engine: "whisper", language: "he", confidence: 0.9,
            audioMilliseconds: 1_200, audioSHA256: "ab", segments: "[]", madeAtUnixMilliseconds: 5)
        var wrong = words
        (wrong.channel, wrong.segments) = (.agent, "not JSON")
        #expect(throws: StoreError.self) {
            try jobs.complete(job, at: 5, with: [.transcript(words), .transcript(wrong)])
        }
        #expect(try store.transcripts.of(call: "CA1").isEmpty)
        #expect(try jobs.list(state: .leased).count == 1)
        let ready = OutgoingEvent(call: "CA1", tenant: "t", kind: .transcriptReady, key: "k", body: "{}", at: 5)
        #expect(try jobs.complete(job, at: 5, with: [.transcript(words), .event(ready)]))
        #expect(try store.transcripts.of(call: "CA1") == [words])
        #expect(try store.outbox.due(at: 5).map(\.event) == [ready])
    }

    @Test func `a failed job comes back when it was told to, a dead one only when an operator says so`() throws {
        try jobs.enqueue(kind: .transcribe, key: "CA1", call: nil, at: 1)
        let first = try #require(try jobs.claim(worker: "a", lease: 10, at: 1))
        #expect(try jobs.fail(first, retryAt: 100, error: "503", at: 2))
        #expect(try jobs.claim(worker: "a", lease: 10, at: 99) == nil)
        let second = try #require(try jobs.claim(worker: "a", lease: 10, at: 100))
        #expect(second.attempts == 2 && second.lastError == "503")
        #expect(try jobs.bury(second, error: "410", at: 101))
        #expect(try jobs.list(state: .dead).map(\.lastError) == ["410"])
        #expect(try jobs.claim(worker: "a", lease: 10, at: 1_000) == nil)
        #expect(try jobs.revive(id: second.id, at: 200) && !jobs.revive(id: second.id, at: 200))
        #expect(try jobs.claim(worker: "a", lease: 10, at: 200)?.attempts == 1)
    }

    @Test func `what was ever done costs a claim nothing, until it is forgotten`() throws {
        for number in 0..<20 { try jobs.enqueue(kind: .transcribe, key: "\(number)", call: nil, at: Int64(number)) }
        while let job = try jobs.claim(worker: "w", lease: 1, at: 100), job.key != "19" {
            try jobs.complete(job, at: 100)
        }
        let plan = try DatabaseQueue(path: directory.file("store.sqlite")).read {
            try Row.fetchAll(
                $0, sql: "EXPLAIN QUERY PLAN \(JobQueue.claimStatement([.transcribe]))",
                arguments: ["worker": "w", "until": 1, "at": 1]
            ).map { $0["detail"] as String }
        }
        #expect(
            plan.contains { $0.contains("jobs USING INDEX jobs_open") } && !plan.contains { $0.contains("TEMP B-TREE") }
        )
        #expect(try jobs.forgetDone(before: 100) == 0 && jobs.forgetDone(before: 101) == 19)
        #expect(try jobs.list().map(\.key) == ["19"])
    }

    @Test func `eight workers lease each of 100 jobs exactly once`() throws {
        for number in 0..<100 { try jobs.enqueue(kind: .transcribe, key: "\(number)", call: nil, at: 1) }
        let (jobs, seen) = (jobs, Names())
        DispatchQueue.concurrentPerform(iterations: 8) { worker in
            while let job = try? jobs.claim(worker: "w\(worker)", lease: 1_000_000, at: 1) {
                seen.all.withLock { $0.append(job.key) }
                _ = try? jobs.complete(job, at: 2)
            }
        }
        let keys = seen.all.withLock { $0 }
        #expect(keys.count == 100 && Set(keys).count == 100)
        #expect(try jobs.list(state: .done).count == 100)
    }
}

private final class Names: Sendable {
    let all = Mutex<[String]>([])
}
