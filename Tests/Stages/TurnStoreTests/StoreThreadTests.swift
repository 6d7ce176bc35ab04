import Conversation
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import TurnStore

/// What threads share in the store. Run by `scripts/test --only threads` under ThreadSanitizer too.
@Suite struct `Store threads` {
    private static let writers = 8
    private static let callsPerWriter = 25

    private final class Shared: Sendable {
        let store: TurnStore
        let status: CallStatusWriter
        let answered = Atomic<Int>(0)
        let moved = Atomic<Int>(0)
        let greeted = Atomic<Int>(0)
        let done = Atomic<Int>(0)

        init(_ path: String) throws {
            store = try TurnStore(path: path)
            guard let status = store.takeStatusWriter() else { preconditionFailure("a new store has its writer") }
            self.status = status
        }
    }

    /// Every writer has every call in hand at once: all say the same eight things about it, each in its own order.
    @Test func `S62 eight writers over status updates, inlets, facts and jobs at once: no lost update`() throws {
        let directory = try TemporaryDirectory()
        let shared = try Shared(directory.file("store.sqlite"))
        let calls = (0..<Self.callsPerWriter).map { "CA\($0)" }
        for call in calls { try shared.store.jobs.enqueue(kind: .transcribe, key: call, call: call, at: 1) }

        let threads = (0..<Self.writers).map { writer in
            Thread { Self.write(as: writer, calls, shared) }
        }
        for thread in threads { thread.start() }
        let all = Self.writers * calls.count * 4
        let isAnswered = eventually {
            // Readers never wait for the writer, nor hold it up.
            _ = try? shared.store.calls(limit: 5)
            _ = shared.store.health
            return threads.allSatisfy(\.isFinished) && shared.answered.load(ordering: .acquiring) == all
        }
        #expect(isAnswered)
        shared.store.close()

        // Each event is one event, whoever was first; the moves of a call are a legal history, so at most three.
        let reader = try TurnStore.openReadOnly(directory.file("store.sqlite"))
        for call in calls {
            let stored = try #require(try reader.call(call))
            #expect(stored.status == "completed" && stored.durationSeconds == 9 && stored.endReason == "callerHungUp")
            #expect(stored.turns.map(\.index) == Array(0..<Self.writers) && stored.tenant == "clinic")
            let kinds = try reader.carrierEvents(of: call).map { "\($0.kind) \($0.sequence)" }
            #expect(
                Set(kinds) == [
                    "status 0", "status 1", "status 2", "status 3", "media-started 0", "conversation-ended 0",
                ])
            #expect(kinds.count == 6)
        }
        #expect(shared.greeted.load(ordering: .relaxed) == calls.count, "each call greets once")
        #expect(shared.done.load(ordering: .relaxed) == calls.count, "each job is done once")
        let moved = shared.moved.load(ordering: .relaxed)
        #expect(moved <= 4 * calls.count)
        let health = shared.store.health
        #expect(health.refused == 0 && health.rejected == 0 && health.waiting == 0)
        let check = try StoreCheck(path: directory.file("store.sqlite"), now: 1)
        #expect(check.isSound, "\(check.findings)")
    }

    private static func write(as writer: Int, _ calls: [String], _ shared: Shared) {
        var inlet = shared.store.makeInlet()
        var random = SeededNumbers(seed: UInt64(writer))
        for call in calls {
            inlet.push(start(call))
            inlet.push(.turn(call: call, Turn(index: writer, speaker: .agent, item: nil, startedAt: .start)))
            inlet.push(.streamStarted(call: call, stream: "MZ1", atUnixMilliseconds: 2))
            for (sequence, status) in random.shuffled(
                [CallStatus.queued, .ringing, .inProgress, .completed].enumerated())
            {
                shared.status.append(
                    event(sequence: Int64(sequence), call: call), status: status,
                    durationSeconds: status == .completed ? 9 : nil, by: ["clinic"]
                ) { outcome in
                    if case .committed(_, statusChanged: true) = outcome {
                        shared.moved.wrappingAdd(1, ordering: .relaxed)
                    }
                    shared.answered.wrappingAdd(1, ordering: .releasing)
                }
            }
            if (try? shared.store.facts.record(.greeted, call: call, at: 3)) == true {
                shared.greeted.wrappingAdd(1, ordering: .relaxed)
            }
            if let job = try? shared.store.jobs.claim(worker: "\(writer)", lease: 1_000_000, at: 1),
                (try? shared.store.jobs.complete(job, at: 2)) == true
            {
                shared.done.wrappingAdd(1, ordering: .relaxed)
            }
            inlet.push(.callEnded(CallEnd(call: call, reason: "callerHungUp", endedAtUnixMilliseconds: 9)))
        }
    }
}

/// SplitMix64: the same shuffles in every run.
private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
    mutating func shuffled<Items: Sequence>(_ items: Items) -> [Items.Element] { items.shuffled(using: &self) }
}
