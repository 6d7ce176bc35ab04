import Conversation
import Foundation
import Synchronization
import Testing
import TurnStore

@testable import CallControl

let recordingID = "RE00000000000000000000000000000001"

/// A store of recordings over a real turn store and a hostile host.
final class RecordingRig: Sendable {
    let directory: String
    let store: TurnStore
    let server: HostileServer
    let recordings: RecordingStore
    let time: Time
    final class Time: Sendable {
        let milliseconds = Atomic<Int64>(1_000_000)
        var now: Int64 { milliseconds.load(ordering: .relaxed) }
        func advance(_ amount: Int64) { milliseconds.wrappingAdd(amount, ordering: .relaxed) }
    }

    init(
        trusting: [String] = [], _ change: (inout RecordingStore.Options) -> Void = { _ in },
        _ script: @escaping @Sendable (HostileServer.Request, Int) -> [HostileServer.Step]
    ) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("fetch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(directory)/files", withIntermediateDirectories: true)
        store = try TurnStore(path: "\(directory)/store.sqlite")
        server = HostileServer(script)
        var options = RecordingStore.Options()
        // A loaded host is no hostile one: only tests of slowness are short of patience.
        options.limits.stallMilliseconds = 120_000
        options.limits.patienceMilliseconds = 240_000
        options.limits.connectMilliseconds = 60_000
        options.lockMilliseconds = 120_000
        change(&options)
        let time = Time()
        self.time = time
        recordings = RecordingStore(
            directory: "\(directory)/files",
            hosts: MediaHosts(apiURL: server.url, mediaHosts: [], trusted: trusting), store: store, options: options,
            clock: { time.now }, credentials: { ($0.account, "secret") })
        let started = DispatchSemaphore(value: 0)
        store.appendDurably(
            .callStarted(
                CallStart(
                    call: callID, tenant: "clinic", direction: .inbound, from: "", to: "",
                    startedAtUnixMilliseconds: time.now))
        ) { _ in started.signal() }
        started.wait()
    }

    deinit {
        server.stop()
        store.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    var order: RecordingOrder {
        RecordingOrder(
            call: callID, recording: recordingID, account: account, url: "\(server.url)/Recordings/\(recordingID)",
            channels: 2, madeAtUnixMilliseconds: time.now)
    }

    var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/files")) ?? [])
            .filter { !$0.hasPrefix(".lock") }.sorted()
    }

    /// Fetched once, and what is left on disk.
    func fetch() async -> RecordingStore.Outcome { await recordings.fetch(order) }

    func failure() async -> RecordingFailure? {
        if case .failed(let failure, _) = await fetch() { failure } else { nil }
    }

    func isReady(_ outcome: RecordingStore.Outcome, _ bytes: [UInt8]) -> Bool {
        guard case .ready(let artifact) = outcome, let data = FileManager.default.contents(atPath: artifact.path) else {
            return false
        }
        return Array(data) == bytes && artifact.bytes == Int64(bytes.count)
            && artifact.sha256 == Cryptography.hexadecimal(Cryptography.sha256(bytes))
    }

    /// Until it is so, for at most a minute.
    func eventually(_ condition: () -> Bool) async throws {
        for _ in 0..<12_000 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("it never came to be")
    }

    /// A WAV file, two channels at 8 kHz.
    static func wav(_ samples: Int = 40_000) -> [UInt8] {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let data = (0..<samples).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        return Array("RIFF".utf8) + word(36 + samples) + Array("WAVEfmt ".utf8) + word(16) + [1, 0, 2, 0] + word(8_000)
            + word(32_000) + [4, 0, 16, 0] + Array("data".utf8) + word(samples) + data
    }
}

extension RecordingRig {
    /// As the webhook does.
    func enqueue() throws {
        try store.jobs.enqueue(
            kind: .fetchRecording, key: recordingID, call: callID, payload: order.payload, at: time.now)
    }

    var job: Job? { try? store.jobs.job(kind: .fetchRecording, key: recordingID) }
}

/// A worker in the rig's time, stepped by the test.
final class Worker {
    private let worker: RecordingWorker
    private final class Reports: Sendable { let failures = Mutex<[RecordingFailure]>([]) }
    private let reports = Reports()

    init(_ rig: RecordingRig, makeEvent: @escaping RecordingWorker.MakeEvent = { _, _, _ in nil }) {
        let (time, reports) = (rig.time, reports)
        worker = RecordingWorker(
            store: rig.store, recordings: rig.recordings, clock: { time.now },
            report: { _, failure in reports.failures.withLock { $0.append(failure) } }, makeEvent: makeEvent)
    }

    func step() { worker.step() }
    var reported: [RecordingFailure] { reports.failures.withLock { $0 } }
}
