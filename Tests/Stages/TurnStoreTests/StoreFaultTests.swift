import Conversation
import Foundation
import GRDB
import Testing

@testable import TurnStore

@Suite struct `Turn store in trouble` {
    let directory: TemporaryDirectory
    var path: String { directory.file("store.sqlite") }
    init() throws { directory = try TemporaryDirectory() }

    private func refusal(_ path: String) -> StoreError? {
        do {
            _ = try TurnStore(path: path)
            return nil
        } catch { return error }
    }

    @Test func `a missing directory is named`() {
        let missing = directory.file("nowhere/store.sqlite")
        let error = refusal(missing)
        #expect(error?.code == .directoryMissing)
        #expect(error?.message == "turn store \(missing): no directory \(directory.path)/nowhere")
    }

    @Test func `a directory, a file of something else and a place nobody can write are refused in one line`() throws {
        #expect(refusal(directory.path)?.code == .cannotOpen)
        try Data(repeating: 0x41, count: 4_096).write(to: URL(fileURLWithPath: path))
        #expect(refusal(path)?.code == .notADatabase)
        let unwritable = refusal("/proc/store.sqlite")
        #expect(unwritable?.code == .cannotOpen)
        #expect(unwritable?.message.contains("\n") == false)
    }

    @Test func `a database of another program is left alone`() throws {
        try DatabaseQueue(path: path).inDatabase { try $0.execute(sql: "CREATE TABLE notes (text TEXT)") }
        #expect(refusal(path)?.code == .foreignDatabase)
    }

    @Test func `a database of a newer version is left alone`() throws {
        try TurnStore(path: path).close()
        try DatabaseQueue(path: path).inDatabase {
            try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 the future')")
        }
        #expect(refusal(path)?.code == .newerDatabase)
    }

    @Test func `opening for reading makes no file`() {
        #expect(throws: StoreError.self) { try TurnStore.openReadOnly(path) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `S65 a locked database delays the records and loses none`() throws {
        var options = TurnStoreOptions()
        (options.durableMilliseconds, options.busyMilliseconds) = (50, 10)
        let store = try TurnStore(path: path, options: options)
        let lock = try locked(path)
        var inlet = store.makeInlet()
        let isTaken = inlet.push(start("CA1"))
        #expect(isTaken)
        #expect(store.appendAndWait(start("CA2")) == .spooled)
        let health = store.health
        guard case .retrying(let reason) = health.state else {
            Issue.record("state: \(health.state)")
            return
        }
        #expect(reason == "database is locked")
        #expect(health.retries > 0 && health.waiting == 2 && health.hasRoom)
        #expect(health.complaint == "the turn store cannot be written: database is locked; 2 records wait")
        try lock.inDatabase { try $0.execute(sql: "ROLLBACK") }
        let isWritten = try eventually { try store.calls().count == 2 }
        #expect(isWritten)
        #expect(store.health.state == .ready)
    }

    @Test func `S65 a full disk delays the records and loses none`() throws {
        let store = try TurnStore(path: path)
        // The largest number of pages a connection may use is how SQLite itself rehearses a full disk.
        try store.limitPages(to: 1)
        var inlet = store.makeInlet()
        for number in 0..<2_000 {
            let isTaken = inlet.push(start("CA\(number)"))
            #expect(isTaken)
        }
        let isWaiting = eventually {
            if case .retrying(let reason) = store.health.state { reason == "database or disk is full" } else { false }
        }
        #expect(isWaiting)
        try store.limitPages(to: 1_000_000)
        store.close()
        #expect(try TurnStore.openReadOnly(path).calls(limit: 5_000).count == 2_000)
    }

    @Test func `S65 a deleted file is noticed`() throws {
        let store = try TurnStore(path: path)
        #expect(store.health.state == .ready && store.health.complaint == nil)
        try FileManager.default.removeItem(atPath: path)
        #expect(store.health.state == .fileReplaced && store.health.complaint != nil)
    }

    /// Thirty lives of a writing process, each ended by SIGKILL at a moment from a seed; in every second one the database is
    /// locked for a part of it, and killed while records go to the spool file or come back out of it. MEDIA_BRIDGE_KILLS
    /// asks for more lives, with a fresh seed that is printed; MEDIA_BRIDGE_KILL_SEED repeats one.
    ///
    /// Whatever the host's load: no acknowledged event is lost, and no turn that was handed over before one (a group is
    /// taken as a whole). In time: on a host that is not starved, no turn older than 50 ms.
    @Test func `S64 kill -9 loses no acknowledged event and no turn older than 50 ms`() throws {
        let bundle = try #require(try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let probe = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("StoreKillProbe")
        let asked = ProcessInfo.processInfo.environment
        let lives = asked["MEDIA_BRIDGE_KILLS"].flatMap { Int($0) }
        let seed =
            asked["MEDIA_BRIDGE_KILL_SEED"].flatMap { UInt64($0) } ?? (lives == nil ? 64 : .random(in: 0...999_999))
        if let lives { print("S64: \(lives) kills, MEDIA_BRIDGE_KILL_SEED=\(seed)") }
        var random = SeededGenerator(state: seed)
        var punctualLives = 0, spooledLives = 0
        for life in 0..<(lives ?? 30) {
            if life > 0, life.isMultiple(of: 100) { print("S64: \(life) kills survived") }
            let file = directory.file("life-\(life).sqlite")
            let isLocked = life.isMultiple(of: 2)
            let moment = UInt32.random(in: 60...260, using: &random)
            let outage = isLocked ? (from: moment / 3, length: UInt32.random(in: 20...moment, using: &random)) : nil
            let promises = try run(probe, file, killAfterMilliseconds: moment, outage: outage)
            // The service that starts after the kill: it recovers the log, then takes what the spool file holds.
            let store = try TurnStore(path: file)
            defer {
                store.close()
                for name in ["", "-spool"] { try? FileManager.default.removeItem(atPath: file + name) }
            }
            spooledLives += store.health.spooled > 0 ? 1 : 0
            let isDrained = eventually { store.health.waiting == 0 }
            #expect(isDrained)
            let told = try store.outbox.list(limit: 1_000_000).sorted { $0.id < $1.id }.map(\.event.key)
            let asked = try store.jobs.list(state: .queued, limit: 1_000_000).map(\.key)
            // In order, once each, none left out.
            let whole = (0..<told.count).map { "\($0 * 4)" }
            let isInOrder = told == whole, isEachThere = Set(asked).isSubset(of: whole)
            #expect(isInOrder && isEachThere && told.count - asked.count <= 1, "life \(life)")
            let events = Set(try store.reader.carrierEvents(of: "CA-kill").map(\.sequence))
            let turns = try store.reader.turnIndexes(of: "CA-kill")
            if !isLocked { #expect(!promises.acknowledged.isEmpty) }
            let lost = promises.acknowledged.filter { !events.contains($0) }
            #expect(lost.isEmpty, "life \(life)")
            let newest = promises.acknowledged.max() ?? 0
            let lostTurns = promises.pushed.map(\.number).filter { $0 < newest && !turns.contains($0) }
            #expect(lostTurns.isEmpty, "life \(life)")
            // What is told with an event is handed over before it.
            #expect(Int64(told.count * 4) > newest, "life \(life)")
            if isLocked { continue }
            let oldest = promises.pushed.first { !turns.contains($0.number) }
            if promises.killedAt - min(oldest?.at ?? .max, promises.killedAt) <= 50_000_000 { punctualLives += 1 }
        }
        #expect(punctualLives > 0)
        #expect(spooledLives > 0)
        if let lives { print("S64: \(lives) kills survived, \(spooledLives) of them with a spool file left behind") }
    }

    /// What a life said before it ended.
    private struct Promises {
        var acknowledged = [Int64]()
        var pushed = [(number: Int, at: UInt64)]()
        /// Monotonic nanoseconds.
        var killedAt: UInt64
    }

    private func run(
        _ probe: URL, _ file: String, killAfterMilliseconds: UInt32, outage: (from: UInt32, length: UInt32)?
    ) throws -> Promises {
        let process = Process(), pipe = Pipe()
        process.executableURL = probe
        process.arguments = [file]
        process.standardOutput = pipe
        try process.run()
        // The clock starts at its first line, so that slow start-up is not what gets killed.
        var output = try #require(try pipe.fileHandleForReading.read(upToCount: 1))
        var lock: DatabaseQueue?
        if let outage {
            usleep(outage.from * 1_000)
            lock = try locked(file)
            usleep(min(outage.length, killAfterMilliseconds - outage.from) * 1_000)
            // Half of them end while the lock is held; the others while all comes back.
            if outage.from + outage.length < killAfterMilliseconds {
                try lock?.inDatabase { try $0.execute(sql: "ROLLBACK") }
                usleep((killAfterMilliseconds - outage.from - outage.length) * 1_000)
            }
        } else {
            usleep(killAfterMilliseconds * 1_000)
        }
        // In the very moment of an acknowledgement: had it come before its commit, this would show it.
        // An outage's come in bursts; there the moment is any.
        while outage == nil, !Self.endsWithAcknowledgement(output) {
            let more = pipe.fileHandleForReading.availableData
            if more.isEmpty { break }  // It died by itself; what is missing will show.
            output += more
        }
        let killedAt = DispatchTime.now().uptimeNanoseconds
        kill(process.processIdentifier, SIGKILL)
        output += pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try lock?.close()
        var promises = Promises(killedAt: killedAt)
        // The last line may be half a line.
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n").dropLast() {
            let words = line.split(separator: " ")
            if words.count == 2, let number = Int64(words[1]) { promises.acknowledged.append(number) }
            if words.count == 3, let number = Int(words[1]), let at = UInt64(words[2]) {
                promises.pushed.append((number, at))
            }
        }
        return promises
    }

    private static func endsWithAcknowledgement(_ output: Data) -> Bool {
        guard output.last == 0x0A, let line = output.split(separator: 0x0A).last else { return false }
        return line.starts(with: Data("acknowledged".utf8))
    }
}

/// SplitMix64, so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
