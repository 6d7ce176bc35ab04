import Conversation
import Foundation
import GRDB
import Synchronization
import Testing

@testable import TurnStore

/// Another connection that holds the write lock until it says ROLLBACK.
func locked(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.allowsUnsafeTransactions = true
    let database = try DatabaseQueue(path: path, configuration: configuration)
    try database.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
    return database
}

@Suite struct `Turn store` {
    let directory: TemporaryDirectory
    var path: String { directory.file("store.sqlite") }
    init() throws { directory = try TemporaryDirectory() }

    @Test func `writes with the write-ahead log and full synchronisation`() throws {
        let store = try TurnStore(path: path)
        let pragmas = try store.writerPragmas()
        #expect(pragmas.synchronous == 2)
        #expect(pragmas.journalMode == "wal")
    }

    @Test func `keeps a call with its turns across a restart`() throws {
        var agent = Turn(index: 0, speaker: .agent, item: "item_1", startedAt: .init(milliseconds: 120))
        agent.text = "שלום, כאן \u{202B}המרפאה\u{202C} 🏥"
        agent.plannedText = "שלום, כאן המרפאה 🏥. במה אפשר לעזור?"
        agent.textSource = .estimated
        (agent.endedAt, agent.interruptedAt) = (.init(milliseconds: 2_000), .init(milliseconds: 1_990))
        (agent.responseMilliseconds, agent.interruptionMilliseconds) = (300, 80)
        agent.latency = TurnLatency(
            origin: .callerSpeech, endpointing: 520_001, request: 0, model: 380_000, queueing: 2_000, carrier: 61_000)
        (agent.heardBy, agent.holes, agent.holeMilliseconds) = (.marks, 1, 240)
        let hole = PlayoutHole(cause: .modelLate, milliseconds: 380, audibleMilliseconds: 240)
        let told = TurnHole(index: 0, turn: 0, endedAt: .init(milliseconds: 1_500), hole: hole)
        do {
            let store = try TurnStore(path: path)
            var inlet = store.makeInlet()
            inlet.push(start("CA1"))
            inlet.push(.streamStarted(call: "CA1", stream: "MZ1", atUnixMilliseconds: 2))
            inlet.push(.promptChosen(call: "CA1", hash: "0123456789abcdef"))
            inlet.push(.turn(call: "CA1", agent))
            inlet.push(.hole(call: "CA1", told))
            inlet.push(.hole(call: "CA1", told))
            inlet.push(.recorded(call: "CA1", path: "/r/CA1.wav"))
            inlet.push(.recorded(call: "CA1", path: "/r/CA1.opus"))
            inlet.push(
                .callEnded(
                    CallEnd(
                        call: "CA1", reason: "agentSaidGoodbye", endedAtUnixMilliseconds: 9_000,
                        frameCounts: ["in": 450, "forwarded": 449, "queued": 1])))
            store.close()
        }
        let call = try #require(try TurnStore(path: path).call("CA1"))
        #expect(call.tenant == "clinic" && call.direction == "inbound" && call.from == "+15005550006")
        #expect(call.stream == "MZ1" && call.promptHash == "0123456789abcdef")
        #expect(call.recordings == ["/r/CA1.opus", "/r/CA1.wav"])
        #expect(call.endReason == "agentSaidGoodbye" && call.endedAtUnixMilliseconds == 9_000)
        #expect(call.frameCounts == ["in": 450, "forwarded": 449, "queued": 1])
        #expect(call.turnCount == 1)
        let turn = try #require(call.turns.first)
        #expect(Array(turn.text.utf8) == Array(agent.text.utf8))
        #expect(turn.plannedText == agent.plannedText && turn.textSource == "estimated" && turn.item == "item_1")
        #expect(turn.startedAtMilliseconds == 120 && turn.endedAtMilliseconds == 2_000)
        #expect(turn.interruptedAtMilliseconds == 1_990)
        #expect(turn.responseMilliseconds == 300 && turn.interruptionMilliseconds == 80)
        #expect(turn.latency == agent.latency.map(StoredLatency.init))
        #expect(turn.latency?.followUp == nil && turn.latency?.heard == 963_001)
        #expect(turn.heardBy == "marks" && turn.holes == 1 && turn.holeMilliseconds == 240)
        #expect(call.holes.map(\.cause) == ["modelLate"])
        #expect(call.holes.first?.gapMilliseconds == 380 && call.holes.first?.heardMilliseconds == 240)
    }

    @Test func `the last record of a turn holds, the first end of a call stays`() throws {
        let store = try TurnStore(path: path)
        var inlet = store.makeInlet()
        var turn = Turn(index: 3, speaker: .caller, item: nil, startedAt: .start)
        inlet.push(start("CA1"))
        inlet.push(.turn(call: "CA1", turn))
        (turn.text, turn.textSource) = ("yes", .transcribed)
        inlet.push(.turn(call: "CA1", turn))
        inlet.push(.callEnded(CallEnd(call: "CA1", reason: "callerHungUp", endedAtUnixMilliseconds: 7)))
        inlet.push(.callEnded(CallEnd(call: "CA1", reason: "shutdown", endedAtUnixMilliseconds: 8)))
        inlet.push(start("CA1", tenant: "other"))
        store.close()
        let call = try #require(try TurnStore.openReadOnly(path).call("CA1"))
        #expect(call.turns.map(\.text) == ["yes"])
        #expect(call.endReason == "callerHungUp")
        #expect(call.tenant == "clinic")
    }

    @Test func `lists calls newest first, by page and by tenant`() throws {
        let store = try TurnStore(path: path)
        var inlet = store.makeInlet()
        for number in 1...5 {
            inlet.push(start("CA\(number)", tenant: number == 3 ? "b" : "a", at: Int64(number) * 1_000))
        }
        store.close()
        let reader = try TurnStore.openReadOnly(path)
        #expect(try reader.calls(limit: 2, offset: 1).map(\.id) == ["CA4", "CA3"])
        #expect(try reader.calls(tenant: "b").map(\.id) == ["CA3"])
        #expect(try reader.call("CA9") == nil)
    }

    @Test func `a repeated webhook is one event`() throws {
        let store = try TurnStore(path: path)
        var first = event("status", sequence: 2)
        first.fields = [.init("CallSid", "CA1"), .init("MediaUrl", "b"), .init("MediaUrl", "a")]
        #expect(store.appendAndWait(.carrierEvent(first, nil)) == .committed(isNew: true, statusChanged: false))
        #expect(store.appendAndWait(.carrierEvent(first, nil)) == .committed(isNew: false, statusChanged: false))
        #expect(try store.reader.carrierEvents(of: "CA1") == [first])
    }

    @Test func `a full inlet refuses and counts, and loses nothing it took`() throws {
        var options = TurnStoreOptions()
        (options.inletCapacity, options.spoolCapacity) = (8, 4)
        let store = try TurnStore(path: path, options: options)
        let lock = try locked(path)
        var inlet = store.makeInlet()
        var taken = 0
        for number in 0..<200 where inlet.push(start("CA\(number)")) { taken += 1 }
        #expect(taken < 200)
        #expect(store.health.refused == 200 - taken)
        try lock.inDatabase { try $0.execute(sql: "ROLLBACK") }
        store.close()
        #expect(try TurnStore.openReadOnly(path).calls(limit: 500).count == taken)
    }

    @Test func `one bad record does not hold up the others`() throws {
        let store = try TurnStore(path: path)
        // A table that refuses one tenant stands for a record that breaks a rule of the schema.
        try DatabaseQueue(path: path).inDatabase {
            try $0.execute(
                sql: """
                    CREATE TRIGGER refuse BEFORE INSERT ON calls WHEN new.tenant = 'bad'
                    BEGIN SELECT raise(ABORT, 'refused'); END
                    """)
        }
        var inlet = store.makeInlet()
        inlet.push(start("CA1"))
        inlet.push(start("CA2", tenant: "bad"))
        inlet.push(start("CA3"))
        let isWritten = try eventually { try store.calls().count == 2 }
        #expect(isWritten)
        #expect(store.health.rejected == 1)
        #expect(store.health.state == .ready)
    }

    @Test func `many producers and a reader at once`() async throws {
        let store = try TurnStore(path: path)
        await withTaskGroup(of: Void.self) { group in
            for producer in 0..<4 {
                group.addTask {
                    var inlet = store.makeInlet()
                    for number in 0..<250 {
                        while !inlet.push(start("CA\(producer)-\(number)")) { usleep(100) }
                    }
                }
            }
            group.addTask {
                var seen = 0
                for _ in 0..<20 {
                    let count = (try? store.calls(limit: 5_000).count) ?? -1
                    #expect(count >= seen)
                    seen = count
                }
            }
        }
        store.close()
        let count = try TurnStore.openReadOnly(path).calls(limit: 5_000).count
        #expect(count == 1_000)
    }

    @Test func `reads from a second connection while the service writes`() throws {
        let store = try TurnStore(path: path)
        let other = try TurnStore.openReadOnly(path)
        #expect(try other.calls().isEmpty)
        _ = store.appendAndWait(start("CA1"))
        #expect(try other.calls().map(\.id) == ["CA1"])
    }

    @Test func `after close the file alone is whole`() throws {
        let store = try TurnStore(path: path)
        _ = store.appendAndWait(start("CA1"))
        _ = try store.calls()
        store.close()
        let copy = directory.file("copy.sqlite")
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        #expect(try TurnStore.openReadOnly(copy).calls().map(\.id) == ["CA1"])
    }

    @Test func `after close everything is refused`() throws {
        let store = try TurnStore(path: path)
        store.close()
        store.close()
        #expect(store.appendAndWait(start("CA1")) == .refused)
        #expect(store.health.state == .closed)
    }
}
