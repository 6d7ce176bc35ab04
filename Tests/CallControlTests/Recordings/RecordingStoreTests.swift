import Foundation
import Synchronization
import Testing
import TurnStore

@testable import CallControl

@Suite struct `Recording store` {
    private let wav = RecordingRig.wav()

    @Test func `S66 fifty clients ask for one recording and it is downloaded once`() async throws {
        let wav = wav
        let gate = HostileServer.Gate()
        let rig = try RecordingRig { _, _ in
            [
                .answer(200, ["ETag: \"one\""], body: Array(wav[..<20_000]), length: wav.count), .wait(gate),
                .send(Array(wav[20_000...])),
            ]
        }
        let (order, recordings) = (rig.order, rig.recordings)
        let outcomes = await withTaskGroup(of: RecordingStore.Outcome.self) { group in
            for _ in 0..<50 { group.addTask { await recordings.fetch(order) } }
            // Half of it is here, and all have asked: nothing to serve, under no name.
            try? await rig.eventually {
                recordings.counters[.joined] == 49 && rig.files.contains { $0.hasSuffix("partial") }
            }
            #expect(!rig.files.contains { $0.hasSuffix(".wav") })
            gate.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 50)
        #expect(outcomes.allSatisfy { rig.isReady($0, wav) })
        #expect(rig.server.requests.count == 1)
        #expect(recordings.counters[.downloaded] == 1)
        // Whoever comes later finds it.
        #expect(rig.isReady(await rig.fetch(), wav))
        #expect(rig.server.requests.count == 1 && recordings.counters[.present] == 1)
    }

    @Test func `S66 two processes ask for one recording and it is downloaded once`() async throws {
        let wav = wav
        let gate = HostileServer.Gate()
        let rig = try RecordingRig { _, _ in
            [.answer(200, body: Array(wav[..<20_000]), length: wav.count), .wait(gate), .send(Array(wav[20_000...]))]
        }
        let probe = try Probe(rig)
        // The other process has begun; this one waits for its lock, while the first one has half a file.
        try await rig.eventually { rig.server.requests.count == 1 }
        async let outcome = rig.fetch()
        try await rig.eventually { Self.isWaiting(on: rig) }
        gate.open()
        #expect(rig.isReady(await outcome, wav))
        let said = probe.lines()
        #expect(said.last == "ready \(Cryptography.hexadecimal(Cryptography.sha256(wav))) downloaded 1")
        #expect(rig.server.requests.count == 1)
        #expect(rig.recordings.counters[.downloaded] == 0 && rig.recordings.counters[.present] == 1)
    }

    @Test func `S66 a process that dies in a download leaves the lock and its part to the next`() async throws {
        let wav = wav
        let gate = HostileServer.Gate()
        let rig = try RecordingRig { request, place in
            place == 0
                ? [.answer(200, ["ETag: \"one\""], body: Array(wav[..<20_000]), length: wav.count), .wait(gate)]
                : [.file(wav, to: request)]
        }
        let probe = try Probe(rig)
        let partial = "\(rig.directory)/files/\(callID).\(recordingID).partial"
        try await rig.eventually { (PartialFile.size(of: partial) ?? 0) == 20_000 }
        probe.kill()
        #expect(rig.isReady(await rig.fetch(), wav))
        gate.open()
        #expect(rig.server.requests.map { $0["Range"] } == [nil, "bytes=20000-"])
        #expect(rig.files.count == 1)
    }

    @Test func `another process that takes too long is not waited for forever`() async throws {
        let wav = wav
        let gate = HostileServer.Gate()
        let rig = try RecordingRig {
            $0.lockMilliseconds = 100
        } _: { request, _ in
            [.wait(gate), .file(wav, to: request)]
        }
        let probe = try Probe(rig)
        try await rig.eventually { rig.server.requests.count == 1 }
        #expect(await rig.failure() == .elsewhere)
        gate.open()
        #expect(probe.lines().last?.hasPrefix("ready") == true)
        rig.time.advance(2_001)
        #expect(rig.isReady(await rig.fetch(), wav))
        #expect(rig.server.requests.count == 1)
    }

    @Test func `a job is fetched, repeated with back-off, and done`() async throws {
        let wav = wav
        let rig = try RecordingRig { request, place in place == 0 ? [.answer(404)] : [.file(wav, to: request)] }
        let worker = Worker(rig)
        try rig.enqueue()
        worker.step()
        try await rig.eventually { rig.job?.state == .queued && rig.job?.attempts == 1 && rig.job?.lastError != nil }
        #expect(rig.job?.lastError == "notYet")
        let notBefore = rig.time.now + 5_000
        #expect(rig.job?.notBeforeUnixMilliseconds == notBefore)
        worker.step()
        #expect(rig.server.requests.count == 1)
        rig.time.advance(5_000)
        worker.step()
        try await rig.eventually { rig.job?.state == .done }
        #expect(try rig.store.artifacts.of(call: callID).map(\.kind) == [.carrierRecording])
        #expect(rig.files == ["\(callID).\(recordingID).wav"])
        #expect(worker.reported.isEmpty)
    }

    @Test
    func `S66 a worker that dies between the file and the job's end leaves both to the next: one file, one event`()
        async throws
    {
        let wav = wav
        let rig = try RecordingRig { request, _ in [.file(wav, to: request)] }
        try rig.enqueue()
        let asked = Atomic<Int>(0)
        // As if it were killed there: nothing is written, and the lease stays.
        let dying = Worker(rig) { _, _, _ throws(StoreError) in
            asked.add(1, ordering: .relaxed)
            _ = try TurnStore.openReadOnly("/no/such/store")
            return nil
        }
        dying.step()
        try await rig.eventually { asked.load(ordering: .relaxed) == 1 }
        #expect(rig.job?.state == .leased && rig.files == ["\(callID).\(recordingID).wav"])
        #expect(try rig.store.outbox.list().isEmpty)

        rig.time.advance(120_001)
        let event = OutgoingEvent(
            call: callID, tenant: "clinic", kind: .recordingReady, key: "\(callID)-recording-\(recordingID)",
            body: "{}",
            at: 1)
        let next = Worker(rig) { _, _, _ in event }
        next.step()
        try await rig.eventually { rig.job?.state == .done }
        #expect(try rig.store.outbox.list().map(\.event) == [event])
        #expect(rig.server.requests.count == 1)
        // Announced again it is the same job, and nobody is told twice.
        try rig.enqueue()
        next.step()
        #expect(try rig.store.outbox.list().count == 1 && rig.job?.attempts == 2)
    }

    @Test func `a job that can never be done is given up and told`() async throws {
        let rig = try RecordingRig { _, _ in [.answer(401)] }
        let worker = Worker(rig)
        try rig.enqueue()
        worker.step()
        try await rig.eventually { rig.job?.state == .dead }
        #expect(rig.job?.lastError == "unauthorized")
        #expect(worker.reported == [.unauthorized] && rig.recordings.counters[.buried] == 1)
    }

    /// Somebody of this process is in `RecordingLock.take`, where no counter tells: it has the lock file open.
    private static func isWaiting(on rig: RecordingRig) -> Bool {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return open.contains { number in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)"))?
                .hasPrefix("\(rig.directory)/files/.lock-") == true
        }
    }
}

/// `RecordingFetchProbe`, fetching the rig's recording.
private final class Probe {
    private let process = Process()
    private let pipe = Pipe()

    init(_ rig: RecordingRig) throws {
        let bundle = try #require(try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.executableURL = URL(fileURLWithPath: bundle).deletingLastPathComponent()
            .appendingPathComponent("RecordingFetchProbe")
        process.arguments = [
            "\(rig.directory)/store.sqlite", "\(rig.directory)/files", rig.server.url, rig.order.payload,
        ]
        process.standardOutput = pipe
        try process.run()
    }

    deinit { if process.isRunning { kill() } }

    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// All it said, when it has ended.
    func lines() -> [String] {
        let said = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: said, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
