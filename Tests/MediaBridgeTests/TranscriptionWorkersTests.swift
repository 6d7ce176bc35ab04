import CallControl
import Configuration
import Conversation
import Foundation
import Logging
import Recording
import Synchronization
import Telemetry
import Testing
import TurnStore

@testable import MediaBridge

/// An engine that says what a test wants, and counts what it was given.
final class ScriptedEngine: OfflineEngine {
    let name = "scripted"
    let cutting: OfflineCutting
    private let asked = Mutex(0)
    private let answer: @Sendable (Int, Int) -> Result<OfflineText, OfflineFailure>

    /// - Parameter answer: to the request of this number, with this many milliseconds of sound.
    init(
        cutting: OfflineCutting = .init(longest: 300_000, silence: 3_000),
        _ answer: @escaping @Sendable (_ number: Int, _ milliseconds: Int) -> Result<OfflineText, OfflineFailure>
    ) {
        (self.cutting, self.answer) = (cutting, answer)
    }

    convenience init(saying text: String) {
        self.init { _, milliseconds in .success(Self.text(text, milliseconds)) }
    }

    static func text(_ text: String, _ milliseconds: Int) -> OfflineText {
        OfflineText(
            text: text, language: "english", confidence: 0.9,
            segments: text.isEmpty ? [] : [.init(start: 0, end: Int64(milliseconds), text: text)])
    }

    var requests: Int { asked.withLock { $0 } }

    func transcribe(
        _ samples: [Int16], hints: TranscriptionHints, phrases: [String], isStopping: @Sendable () -> Bool
    ) throws(OfflineFailure) -> OfflineText {
        let number = asked.withLock { asked in
            defer { asked += 1 }
            return asked
        }
        return try answer(number, samples.count / 16).get()
    }
}

/// A store with one recorded call, and workers over it whose clock a test turns.
final class TranscriptionRig: Sendable {
    static let call = "CA00000000000000000000000000000068"
    let folder: String
    let store: TurnStore
    let recording: String
    let clock = Mutex<Int64>(1_700_000_100_000)
    let settings: TranscriptionSettings

    /// - Parameters:
    ///   - callerWords: of the caller's turns during the call; nil: none was transcribed.
    ///   - seconds: where in the recording the caller says `hello world`.
    init(
        callerWords: String?, when: TranscriptionSettings.When = .needed, seconds: [Int] = [0]
    ) async throws {
        folder = NSTemporaryDirectory() + "media-bridge-transcription-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = try TurnStore(path: folder + "/store.sqlite")
        var settings = TranscriptionSettings()
        settings.when = when
        self.settings = settings
        recording = folder + "/\(Self.call).wav"
        let spoken = try WAVFile(path: "/usr/share/asterisk/sounds/en_US_f_Allison/hello-world.wav").samples
        var stereo = [Int16](repeating: 0, count: 2 * (spoken.count + ((seconds.max() ?? 0) + 1) * 8_000))
        for second in seconds {
            for (place, sample) in spoken.enumerated() { stereo[2 * (second * 8_000 + place)] = sample }
        }
        try WAVFile(format: WAVFormat(channels: 2, sampleRateHz: 8_000), samples: stereo).write(path: recording)
        try await append(
            .callStarted(
                CallStart(
                    call: Self.call, tenant: "demo", direction: .inbound, from: "+15005550006", to: "+15005550001",
                    startedAtUnixMilliseconds: 1_700_000_000_000)))
        var turn = Turn(index: 0, speaker: .caller, item: nil, startedAt: .init(nanoseconds: 0))
        turn.endedAt = .init(nanoseconds: Int64(spoken.count / 8) * 1_000_000)
        if let callerWords { (turn.text, turn.textSource) = (callerWords, .transcribed) }
        try await append(.turn(call: Self.call, turn))
        try await append(
            .callEnded(CallEnd(call: Self.call, reason: "callerHungUp", endedAtUnixMilliseconds: 1_700_000_010_000)))
        try await append(.recorded(call: Self.call, path: recording))
    }

    private func append(_ record: StoreRecord) async throws {
        let outcome = await withCheckedContinuation { continuation in
            store.appendDurably(record) { continuation.resume(returning: $0) }
        }
        guard case .committed = outcome else { throw NeverHappened(description: "a record in the store") }
    }

    func close() {
        store.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func workers(_ engine: ScriptedEngine, attempts: Int = 3) throws -> TranscriptionWorkers {
        let hints = try PromptBuilder().build(
            from: PromptSource(inbound: .init(instructions: "Be brief.")), direction: .inbound
        ).transcription
        var options = TranscriptionWorkers.Options()
        (options.attempts, options.settleMilliseconds, options.leaseMilliseconds) = (attempts, 0, 60_000)
        let settings = settings
        return TranscriptionWorkers(
            store: store, options: options, logger: ServiceLog(Logger(label: "rig") { _ in SwiftLogNoOpLogHandler() }),
            tenant: { id, _ in id == "demo" ? (settings, hints) : nil }, now: { [self] in clock.withLock { $0 } }
        ) { engine }
    }

    func jobs(_ state: Job.State) -> [Job] { (try? store.jobs.list(state: state)) ?? [] }
    func advance(_ milliseconds: Int64) { clock.withLock { $0 += milliseconds } }
    var shown: StoredTranscript? { (try? store.call(Self.call))??.transcript }
    var decision: TranscriptDecision? { (try? store.transcripts.decision(call: Self.call)) ?? nil }

    /// Waits until that many jobs are done.
    func done(_ count: Int) async throws {
        try await eventually("\(count) jobs to be done") { jobs(.done).count == count }
    }
}

@Suite struct `Transcription workers` {
    private func withRig(
        callerWords: String?, when: TranscriptionSettings.When = .needed, seconds: [Int] = [0],
        _ body: (TranscriptionRig) async throws -> Void
    ) async throws {
        let rig = try await TranscriptionRig(callerWords: callerWords, when: when, seconds: seconds)
        defer { rig.close() }
        try await body(rig)
    }

    @Test func `S68 a recorded call without words is transcribed, decided and shown`() async throws {
        try await withRig(callerWords: nil) { rig in
            let engine = ScriptedEngine(saying: "hello world")
            let workers = try rig.workers(engine)
            workers.start()
            defer { workers.stop() }
            try await rig.done(2)
            // The agent's channel is silent: nobody is asked about it.
            #expect(engine.requests == 1)
            #expect(rig.decision?.source == .recording && rig.decision?.reason == "recordingIsGood")
            let shown = try #require(rig.shown)
            #expect(shown.source == "recording")
            #expect(shown.lines.map(\.text) == ["hello world"] && shown.lines[0].speaker == "caller")
            let quality = try JSONDecoder().decode(
                TranscriptQuality.self, from: Data(try #require(rig.decision?.recordingQuality).utf8))
            #expect(quality.characters == 10 && quality.coverage == 1 && quality.confidence == 0.9)
            #expect(!FileManager.default.fileExists(atPath: rig.recording + ".caller.partial"))
            #expect(try rig.store.artifacts.of(call: TranscriptionRig.call, kind: .transcript).isEmpty)
        }
    }

    @Test func `S68 a good text of the call keeps the recording unheard, and that is on record`() async throws {
        try await withRig(callerWords: "hello world") { rig in
            let engine = ScriptedEngine(saying: "yellow whirled")
            let workers = try rig.workers(engine)
            workers.start()
            defer { workers.stop() }
            try await rig.done(2)
            #expect(engine.requests == 0)
            #expect(rig.decision?.source == .realtime && rig.decision?.reason == "realtimeIsGood")
            #expect(rig.shown?.lines.map(\.text) == ["hello world"])
        }
    }

    @Test(arguments: [("hello world", ""), ("hello world", "hello"), ("he", ""), ("hell", "he")])
    func `S68 what is no better never takes the place of what came`(came: String, heard: String) async throws {
        try await withRig(callerWords: came, when: .always) { rig in
            let engine = ScriptedEngine(saying: heard)
            let workers = try rig.workers(engine)
            workers.start()
            defer { workers.stop() }
            try await rig.done(2)
            #expect(engine.requests == 1)
            #expect(rig.decision?.source == .realtime)
            #expect(rig.shown?.lines.map(\.text) == [came])
        }
    }

    @Test func `S68 the same audio said again, and after a restart, is transcribed once`() async throws {
        try await withRig(callerWords: nil) { rig in
            let engine = ScriptedEngine(saying: "hello world")
            for _ in 0..<3 {
                let workers = try rig.workers(engine)
                workers.start()
                for _ in 0..<3 { workers.recorded(TranscriptionRig.call, paths: [rig.recording]) }
                try await rig.done(2)
                workers.stop()
            }
            #expect(engine.requests == 1)
            #expect(try rig.store.jobs.list().count == 2)
        }
    }

    @Test(arguments: 0...3)
    func `S68 a worker that dies after some answers leaves the rest to the next, and no piece is bought twice`(
        answered: Int
    ) async throws {
        try await withRig(callerWords: nil, seconds: [0, 10, 20]) { rig in
            // The worker that dies: it has leased the job and had `answered` pieces of three transcribed.
            let digest = try #require(FileDigest.sha256(rig.recording))
            let what = TranscriptionJob(path: rig.recording, channel: .caller, sha256: digest)
            let at = rig.clock.withLock { $0 }
            try rig.store.jobs.enqueue(
                try #require(what.job(call: TranscriptionRig.call, notBefore: at, at: at)))
            let job = try rig.store.jobs.claim(worker: "dead", lease: 60_000, at: at)
            let audio = try ChannelAudio(path: rig.recording, channel: .caller)
            let pieces = audio.pieces(ScriptedEngine(saying: "").cutting)
            try #require(job != nil && pieces.count == 3)
            var partial = PartialTranscript(path: what.partialPath, sha256: digest)
            for piece in pieces.prefix(answered) {
                try partial.add(
                    ScriptedEngine.text("piece at \((piece.start + 5_000) / 10_000)", Int(piece.milliseconds)),
                    from: piece.start,
                    to: piece.end)
            }

            let engine = ScriptedEngine { number, milliseconds in
                .success(ScriptedEngine.text("piece at \(answered + number)", milliseconds))
            }
            let workers = try rig.workers(engine)
            workers.start()
            defer { workers.stop() }
            try await eventually("a look at the queue") { rig.jobs(.leased).count == 1 }
            #expect(engine.requests == 0)  // The dead one's lease still runs.
            rig.advance(60_001)
            try await rig.done(1)
            #expect(engine.requests == 3 - answered)
            #expect(rig.shown?.lines.map(\.text) == ["piece at 0", "piece at 1", "piece at 2"])
        }
    }

    @Test func `an engine that is throttled or away is asked again later, and then gives its text`() async throws {
        try await withRig(callerWords: nil) { rig in
            let engine = ScriptedEngine { number, milliseconds in
                number < 2 ? .failure(.again("HTTP 429")) : .success(ScriptedEngine.text("hello world", milliseconds))
            }
            let workers = try rig.workers(engine)
            workers.start()
            defer { workers.stop() }
            try await eventually("the first refusal") { rig.jobs(.queued).first?.lastError == "HTTP 429" }
            #expect(engine.requests == 1)
            rig.advance(5_000)
            try await eventually("the second refusal") { engine.requests == 2 && rig.jobs(.leased).isEmpty }
            rig.advance(5_000)  // Not yet: it is ten seconds now.
            rig.advance(5_000)
            try await rig.done(2)
            #expect(engine.requests == 3)
            #expect(rig.shown?.source == "recording")
        }
    }

    @Test func `what is given up is dead, decided with what there is, and comes back when an operator says so`()
        async throws
    {
        try await withRig(callerWords: nil) { rig in
            let engine = ScriptedEngine { number, milliseconds in
                number == 0 ? .failure(.final("HTTP 401")) : .success(ScriptedEngine.text("hello world", milliseconds))
            }
            let workers = try rig.workers(engine)
            workers.start()
            defer { workers.stop() }
            try await eventually("the dead letter") { rig.jobs(.dead).count == 1 }
            let dead = rig.jobs(.dead)[0]
            #expect(dead.lastError == "HTTP 401")
            #expect(rig.decision?.source == .failed && rig.decision?.reason == "noWords")
            #expect(rig.shown?.source == "failed")
            #expect(try rig.store.jobs.revive(id: dead.id, at: rig.clock.withLock { $0 }))
            try await rig.done(2)
            #expect(rig.shown?.source == "recording")
        }
    }

    @Test func `a recording that is gone ends its jobs, not the worker`() async throws {
        try await withRig(callerWords: "he") { rig in
            let engine = ScriptedEngine(saying: "hello world")
            let digest = try #require(FileDigest.sha256(rig.recording))
            try FileManager.default.removeItem(atPath: rig.recording)
            for channel in OfflineTranscript.Channel.allCases {
                let what = TranscriptionJob(path: rig.recording, channel: channel, sha256: digest)
                let at = rig.clock.withLock { $0 }
                try rig.store.jobs.enqueue(try #require(what.job(call: TranscriptionRig.call, notBefore: at, at: at)))
            }
            let workers = try rig.workers(engine)
            workers.start()
            defer { workers.stop() }
            try await eventually("both dead letters") { rig.jobs(.dead).count == 2 }
            #expect(engine.requests == 0)
            #expect(rig.decision?.source == .realtime && rig.decision?.reason == "recordingIsNoBetter")
        }
    }
}
