import Conversation
import Foundation
import GRDB
import Glibc
import Synchronization
import Testing

@testable import TurnStore

/// The spool file: what waits on disk while the database cannot be written, and comes back in order, once.
@Suite struct `Spool file` {
    let directory: TemporaryDirectory
    var path: String { directory.file("store.sqlite") }
    var spool: String { TurnStore.spoolPath(of: path) }
    init() throws { directory = try TemporaryDirectory() }

    /// Fails fast and spills at once.
    private func options(_ change: (inout TurnStoreOptions) -> Void = { _ in }) -> TurnStoreOptions {
        var options = TurnStoreOptions()
        (options.busyMilliseconds, options.spillMilliseconds, options.maximumBackOffMilliseconds) = (5, 0, 20)
        options.closeMilliseconds = 50
        change(&options)
        return options
    }

    /// `promptChosen` is what leaves a trace each time it is applied, and in which order.
    private func watch(_ calls: Int) throws {
        let store = try TurnStore(path: path, options: options())
        for number in 0..<calls { #expect(store.appendAndWait(start("CA\(number)")) != .refused) }
        store.close()
        try DatabaseQueue(path: path).inDatabase {
            try $0.execute(
                sql: """
                    CREATE TABLE applied (n INTEGER PRIMARY KEY, hash TEXT);
                    CREATE TRIGGER watch AFTER UPDATE OF prompt_hash ON calls
                    BEGIN INSERT INTO applied (hash) VALUES (new.prompt_hash); END;
                    """)
        }
    }

    private func applied() throws -> [String] {
        try DatabaseQueue(path: path).read {
            try String.fetchAll($0, sql: "SELECT hash FROM applied ORDER BY n")
        }
    }

    private func push(_ numbers: Range<Int>, into inlet: inout StoreInlet) {
        for number in numbers {
            let isTaken = inlet.push(.promptChosen(call: "CA0", hash: "\(number)"))
            #expect(isTaken)
        }
    }

    @Test func `every record is the same after a trip through the file`() throws {
        let file = try #require(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 0))
        let isAppended = file.append(StoreRecord.samples)
        #expect(isAppended)
        let batch = file.next(1_000)
        #expect(batch.records == StoreRecord.samples && batch.unknown == 0)
        #expect(Set(StoreRecord.samples.map(kind)).count == StoreRecord.Kind.allCases.count, "a sample of each")
    }

    private func kind(_ record: StoreRecord) -> UInt8 {
        var encoder = JournalEncoder(shortensNames: false)
        encoder.put(record)
        return encoder.bytes[0]
    }

    @Test func `it is for its owner's eyes, and one process's`() throws {
        let file = try #require(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 1 << 16))
        let mode = try FileManager.default.attributesOfItem(atPath: spool)[.posixPermissions] as? NSNumber
        #expect(mode?.uint16Value == 0o600)
        #expect(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 0) == nil)
        #expect(file.isEmpty)
    }

    @Test func `a file of something else is left as it is`() throws {
        try Data("not ours at all".utf8).write(to: URL(fileURLWithPath: spool))
        #expect(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 0) == nil)
        #expect(try String(contentsOfFile: spool, encoding: .utf8) == "not ours at all")
        let heard = Mutex<[StoreNotice]>([])
        let store = try TurnStore(
            path: path, options: options { $0.notice = { notice in heard.withLock { $0.append(notice) } } })
        store.close()
        #expect(heard.withLock { $0 } == [.noSpoolFile])
    }

    /// At every length that a kill may leave, whole records stay and the rest is counted.
    @Test func `a torn tail costs what was torn`() throws {
        let records = (0..<4).map { StoreRecord.promptChosen(call: "CA1", hash: "hash \($0)") }
        var ends = [16]
        do {
            let file = try #require(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 0))
            for record in records {
                let isAppended = file.append([record])
                #expect(isAppended)
                ends.append(file.end)
            }
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: spool))
        for length in 1..<whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: spool))
            let file = try #require(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 0), "\(length)")
            let kept = max(0, ends.count { $0 <= length } - 1)
            #expect(file.count == kept, "cut at \(length)")
            // Zeros at the end are room that was asked for, as far as anybody can tell.
            let start = length < 16 ? 0 : ends[kept]
            let torn = whole[start..<length].lastIndex { $0 != 0 }.map { $0 + 1 - start } ?? 0
            #expect(file.tornBytes == torn, "cut at \(length)")
        }
        // A byte turned over: the record before it stays.
        var damaged = whole
        damaged[ends[2] + 9] ^= 0x40
        try damaged.write(to: URL(fileURLWithPath: spool))
        let file = try #require(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 0))
        #expect(file.count == 2 && file.tornBytes == whole.count - ends[2])
    }

    @Test func `S65 a locked database: the file takes all, and gives it back in order, once`() throws {
        try watch(1)
        let heard = Mutex<[StoreNotice]>([])
        let store = try TurnStore(
            path: path, options: options { $0.notice = { notice in heard.withLock { $0.append(notice) } } })
        let lock = try locked(path)
        var inlet = store.makeInlet()
        push(0..<3_000, into: &inlet)
        let isSpooled = eventually { store.health.spooled == 3_000 }
        #expect(isSpooled)
        #expect(store.health.inMemory == 0 && store.hasRoom && store.health.spooledBytes > 3_000)
        push(3_000..<5_000, into: &inlet)
        try lock.inDatabase { try $0.execute(sql: "ROLLBACK") }
        let isEmpty = eventually { store.health.waiting == 0 && store.health.state == .ready }
        #expect(isEmpty)
        store.close()
        #expect(try applied() == (0..<5_000).map(String.init))
        let notices = heard.withLock { $0 }
        #expect(notices.first == .spilling(reason: "database is locked"))
        guard case .recovered(let count) = notices.last else {
            Issue.record("\(notices)")
            return
        }
        #expect(count >= 3_000)
    }

    @Test func `S65 what a life leaves in the file the next one writes, in order, once`() throws {
        try watch(1)
        for life in 0..<3 {
            let lock = try locked(path)
            // A copy: the lock is the first life's, the file is what it leaves behind.
            let store = try OpeningLocked.store(path, options(), lock)
            var inlet = store.makeInlet()
            push(life * 100..<life * 100 + 100, into: &inlet)
            let isSpooled = eventually { store.health.spooled == 100 }
            #expect(isSpooled)
            store.close()
            try lock.inDatabase { try $0.execute(sql: "ROLLBACK") }
            let next = try TurnStore(path: path, options: options())
            let isEmpty = eventually { next.health.waiting == 0 }
            #expect(isEmpty)
            next.close()
            #expect(try applied() == (0..<(life + 1) * 100).map(String.init))
        }
    }

    /// A kill between the commit and the emptying of the file: the database knows how far it was.
    @Test func `what was taken is not taken again when the file comes back`() throws {
        try watch(1)
        do {
            let file = try #require(SpoolFile(path: spool, maximumBytes: 1 << 20, reservedBytes: 0))
            let isAppended = file.append((0..<50).map { StoreRecord.promptChosen(call: "CA0", hash: "\($0)") })
            #expect(isAppended)
        }
        let left = try Data(contentsOf: URL(fileURLWithPath: spool))
        for _ in 0..<3 {
            let store = try TurnStore(path: path, options: options())
            let isEmpty = eventually { store.health.waiting == 0 }
            #expect(isEmpty)
            store.close()
            #expect(try applied().count == 50)
            try left.write(to: URL(fileURLWithPath: spool))
        }
    }

    @Test func `bounded in bytes: then memory, then no new calls, and all of it comes back`() throws {
        try watch(1)
        let store = try TurnStore(
            path: path,
            options: options {
                ($0.maximumSpoolBytes, $0.reservedSpoolBytes, $0.spoolCapacity) = (4_096, 0, 200)
            })
        let lock = try locked(path)
        var inlet = store.makeInlet()
        var pushed = 0
        while store.hasRoom, pushed < 4_000 {
            push(pushed..<pushed + 10, into: &inlet)
            pushed += 10
            usleep(2_000)
        }
        let health = store.health
        #expect(!health.hasRoom && health.spooledBytes <= 4_096 && health.spooled > 0 && pushed < 4_000)
        try lock.inDatabase { try $0.execute(sql: "ROLLBACK") }
        let hasRecovered = eventually { store.hasRoom && store.health.waiting == 0 }
        #expect(hasRecovered)
        store.close()
        #expect(try applied() == (0..<pushed).map(String.init))
    }

    @Test func `S65 a deleted file is made again with all that was in it`() throws {
        let store = try TurnStore(path: path, options: options())
        let reader = store.reader, jobs = store.jobs
        #expect(store.appendAndWait(start("CA1")) == .committed(isNew: true, statusChanged: false))
        for name in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: path + name) }
        #expect(store.appendAndWait(start("CA2")) == .committed(isNew: true, statusChanged: false))
        #expect(store.health.state == .ready && store.health.reopened == 1)
        // Whoever held on to them has the new file.
        #expect(try Set(reader.calls().map(\.id)) == ["CA1", "CA2"])
        #expect(try jobs.list(state: .queued).isEmpty)
        #expect(try Set(TurnStore.openReadOnly(path).calls().map(\.id)) == ["CA1", "CA2"])
        store.close()
        #expect(try StoreCheck(path: path, now: 0).isSound)
    }

    @Test func `S65 only the database deleted: its log is not played into the new one`() throws {
        let store = try TurnStore(path: path, options: options())
        for number in 0..<50 { #expect(store.appendAndWait(start("CA\(number)")) != .refused) }
        try FileManager.default.removeItem(atPath: path)
        #expect(store.appendAndWait(start("CA50")) == .committed(isNew: true, statusChanged: false))
        store.close()
        #expect(try TurnStore.openReadOnly(path).calls(limit: 100).count == 51)
        #expect(try StoreCheck(path: path, now: 0).isSound)
    }

    @Test func `S65 a backup put in the file's place is what is written from then on`() throws {
        let backup = directory.file("backup.sqlite")
        let old = try TurnStore(path: backup)
        #expect(old.appendAndWait(start("CA-backup")) != .refused)
        old.close()
        let store = try TurnStore(path: path, options: options())
        #expect(store.appendAndWait(start("CA1")) != .refused)
        let isReplaced = unsafe rename(backup, path) == 0
        #expect(isReplaced)
        #expect(store.appendAndWait(start("CA2")) == .committed(isNew: true, statusChanged: false))
        store.close()
        #expect(try Set(TurnStore.openReadOnly(path).calls().map(\.id)) == ["CA-backup", "CA2"])
        #expect(try StoreCheck(path: path, now: 0).isSound)
    }
}

/// A store opened first and locked afterwards by the same lock as before.
enum OpeningLocked {
    static func store(_ path: String, _ options: TurnStoreOptions, _ lock: DatabaseQueue) throws -> TurnStore {
        try lock.inDatabase { try $0.execute(sql: "ROLLBACK") }
        let store = try TurnStore(path: path, options: options)
        try lock.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
        return store
    }
}

extension StoreRecord {
    /// One of each, and what is rare in one of them.
    static var samples: [StoreRecord] {
        var turn = Turn(index: 3, speaker: .agent, item: WireID("item_1"), startedAt: .init(milliseconds: 1_250))
        (turn.text, turn.plannedText, turn.textSource) = ("שלום", "שלום 🌊", .estimated)
        turn.interruptedAt = .init(milliseconds: 1_900)
        (turn.responseMilliseconds, turn.heardBy, turn.holes) = (412, .marks, 2)
        turn.latency = TurnLatency(origin: .callerSpeech, model: 1, queueing: 2, carrier: 3)
        var usage = ModelUsage()
        for (index, kind) in ModelUsage.Kind.allCases.enumerated() { usage[kind] = Int64(index * 7 + 1) }
        var samples = [StoreRecord]()
        if let prompt = try? PromptBuilder().build(
            from: PromptSource(
                inbound: .init(instructions: "You sell tea.", greeting: "שלום"), language: "he", vocabulary: ["Dr."]),
            direction: .inbound, today: "Sunday", callerContext: "")
        {
            samples = [.prompt(StoredPrompt(prompt, tenant: "tea", at: 7))]
        }
        return samples + [
            start("CA1"),
            .callStarted(
                CallStart(
                    call: "CA2", tenant: "", direction: nil, from: "", to: "", startedAtUnixMilliseconds: 0,
                    parent: "CA1", context: #"{"a": 1}"#)),
            .streamStarted(call: "CA1", stream: "MZ1", atUnixMilliseconds: 5), .promptChosen(call: "CA1", hash: "ab"),
            .turn(call: "CA1", turn),
            .turn(call: "CA1", Turn(index: 0, speaker: .caller, item: nil, startedAt: .init(milliseconds: -1))),
            .hole(
                call: "CA1",
                TurnHole(
                    index: 1, turn: 3, endedAt: .init(milliseconds: 2_000),
                    hole: PlayoutHole(cause: .ours, milliseconds: 60, audibleMilliseconds: 20))),
            .used(call: "CA1", CallUsage(usage: usage, costMicros: 99, sessions: 2), currency: "USD"),
            .recorded(call: "CA1", path: "/r/CA1.wav"),
            .callEnded(
                CallEnd(
                    call: "CA1", reason: "callerHungUp", endedAtUnixMilliseconds: 9,
                    frameCounts: ["callerReceived": 5, "agentPlayed": -1])),
            .artifact(
                Artifact(call: "CA1", kind: .carrierRecording, path: "/r/x", bytes: 9, sha256: "00", details: "{}")),
            .announced(
                .callStarted(
                    CallStart(
                        call: "CA8", tenant: "t", direction: nil, from: "", to: "", startedAtUnixMilliseconds: 4)),
                OutgoingEvent(call: "CA8", tenant: "t", kind: .callStarted, key: "CA8-started", body: "{}", at: 4)),
            .outgoing(OutgoingEvent(call: nil, tenant: "t", kind: .turn, key: "k", body: "{}", at: 4)),
            .job(NewJob(kind: .transcribe, key: "k", call: "CA1", payload: "{}", notBefore: 8, at: 4)),
            .fact(.greeted, call: "CA1", atUnixMilliseconds: 12),
            .recognized(
                RecognizedWords(
                    call: "CA1", channel: .caller, recognizer: "vosk", text: "guten Morgen", confidence: 0.5,
                    startMilliseconds: 7, endMilliseconds: 900, words: "[]", heardAtUnixMilliseconds: 5)),
            .leg(
                CallLeg(
                    call: "CA3", parent: "CA1", direction: .outbound, from: "+1", to: "+2", atUnixMilliseconds: 1,
                    tenants: ["clinic", "other"])),
            .carrierEvent(event(), nil),
            .carrierEvent(
                CarrierEvent(
                    account: "AC1", call: "CA1", kind: "status", sequence: .max, receivedAtUnixMilliseconds: 5,
                    fields: [.init("A", ""), .init("A", "ü")]),
                StatusChange(to: .completed, tenants: ["clinic"], durationSeconds: 61)),
        ]
    }
}
