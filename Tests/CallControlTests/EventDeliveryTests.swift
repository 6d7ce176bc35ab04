import Configuration
import Conversation
import Foundation
import Synchronization
import Testing
import TurnStore

@testable import CallControl

/// Answers as it is told, at once or when the test lets it, and remembers what it was asked to send.
private final class ScriptedSender: EventSender {
    typealias Completion = @Sendable (EventAttempt) -> Void
    private let state = Mutex((sent: [(key: String, at: Int64)](), held: [(key: String, completion: Completion)]()))
    private let answer: @Sendable (OutgoingEvent, Int) -> EventAttempt?

    /// - Parameter answer: to the n-th attempt of an event, from 0; nil: the test answers later.
    init(_ answer: @escaping @Sendable (OutgoingEvent, Int) -> EventAttempt?) { self.answer = answer }

    var sent: [String] { state.withLock { $0.sent.map(\.key) } }
    var times: [Int64] { state.withLock { $0.sent.map(\.at) } }
    var held: [String] { state.withLock { $0.held.map(\.key) } }

    func send(
        _ event: OutgoingEvent, to settings: EventSettings, at now: Int64, completion: @escaping Completion
    ) {
        let attempt = state.withLock { state in
            state.sent.append((event.key, now))
            return state.sent.count { $0.key == event.key } - 1
        }
        if let answer = answer(event, attempt) { return completion(answer) }
        state.withLock { $0.held.append((event.key, completion)) }
    }

    func release(_ key: String, _ attempt: EventAttempt) {
        let completion = state.withLock { state in
            state.held.firstIndex { $0.key == key }.map { state.held.remove(at: $0).completion }
        }
        completion?(attempt)
    }
}

private final class ManualClock: Sendable {
    private let value = Atomic<Int64>(1_000_000)
    var now: Int64 { value.load(ordering: .relaxed) }
    func advance(_ milliseconds: Int64) { value.wrappingAdd(milliseconds, ordering: .relaxed) }
}

@Suite struct `Events on their way to operators` {
    private static func settings(_ url: String = "https://crm.example/hook") -> EventSettings {
        EventSettings(url: url, secret: Secret("0123456789abcdef"))
    }

    private static func event(_ call: String?, _ number: Int, tenant: String = "clinic", at: Int64 = 1_000_000)
        -> OutgoingEvent
    {
        OutgoingEvent(call: call, tenant: tenant, kind: .turn, key: "\(call ?? "none")-\(number)", body: "{}", at: at)
    }

    private static func withStore(_ body: (TurnStore) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "events-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try TurnStore(path: folder + "/store.sqlite")
        defer { store.close() }
        try body(store)
    }

    private static func delivery(
        _ store: TurnStore, _ sender: ScriptedSender, _ clock: ManualClock, perHost: Int = 4,
        settings: @escaping @Sendable (String) -> EventSettings? = { _ in settings() }
    ) -> EventDelivery {
        var options = EventDelivery.Options()
        options.perHost = perHost
        return EventDelivery(
            outbox: store.outbox, sender: sender, options: options, settings: settings, now: { clock.now })
    }

    @Test func `events of a call go out one after the other, those of another call meanwhile`() throws {
        try Self.withStore { store in
            for (call, number) in [("CA1", 0), ("CA1", 1), ("CA2", 0), ("CA1", 2)] {
                try store.outbox.add(Self.event(call, number))
            }
            let (sender, clock) = (ScriptedSender { _, _ in nil }, ManualClock())
            let delivery = Self.delivery(store, sender, clock)
            delivery.step()
            delivery.step()
            #expect(sender.sent == ["CA1-0", "CA2-0"])
            sender.release("CA1-0", .delivered)
            delivery.step()
            #expect(sender.sent == ["CA1-0", "CA2-0", "CA1-1"])
            sender.release("CA1-1", .failed("HTTP status 500", notBefore: nil))
            delivery.step()
            #expect(sender.sent.count == 3, "what follows in its call waits for it, though its own time has come")
            clock.advance(2_000)
            delivery.step()
            #expect(sender.sent.last == "CA1-1")
            sender.release("CA1-1", .delivered)
            delivery.step()
            #expect(sender.sent.last == "CA1-2")
            #expect(delivery.counters.delivered == 2 && delivery.counters.retried == 1)
        }
    }

    @Test func `a host takes so many at a time, and its backlog hides nobody else's events`() throws {
        try Self.withStore { store in
            for call in 0..<150 { try store.outbox.add(Self.event("CA\(call)", 0)) }
            try store.outbox.add(Self.event("CB", 0, tenant: "other"))
            let (sender, clock) = (ScriptedSender { _, _ in nil }, ManualClock())
            let delivery = Self.delivery(store, sender, clock, perHost: 3) { tenant in
                Self.settings(tenant == "clinic" ? "https://slow.example" : "https://quick.example")
            }
            delivery.step()
            #expect(sender.sent == ["CA0-0", "CA1-0", "CA2-0", "CB-0"])
            #expect(delivery.underWay == 4)
            sender.release("CA1-0", .delivered)
            delivery.step()
            #expect(sender.sent.count == 5 && delivery.underWay == 4)
        }
    }

    @Test func `waits grow, and the receiver's own word holds`() throws {
        try Self.withStore { store in
            try store.outbox.add(Self.event("CA1", 0))
            let clock = ManualClock()
            let sender = ScriptedSender { _, attempt in
                attempt == 3
                    ? .failed("HTTP status 503", notBefore: 120_000) : .failed("HTTP status 500", notBefore: nil)
            }
            let delivery = Self.delivery(store, sender, clock)
            for _ in 0..<400 {
                delivery.step()
                clock.advance(500)
            }
            let waits = zip(sender.times.dropFirst(), sender.times).map { $0 - $1 }
            #expect(waits.count >= 4)
            for (index, wait) in waits.prefix(3).enumerated() {
                let whole = Int64(2_000) << Int64(index)
                #expect((whole / 2...whole + 500).contains(wait), "wait \(index): \(wait) ms")
            }
            #expect(waits[3] >= 120_000)
        }
    }

    @Test func `an event is given up at 410, when it is too old, and when there is no webhook any more`() throws {
        try Self.withStore { store in
            for call in ["CA1", "CA2", "CA3"] { try store.outbox.add(Self.event(call, 0, tenant: call)) }
            try store.outbox.add(Self.event("CA1", 1, tenant: "CA2"))
            let clock = ManualClock()
            let sender = ScriptedSender { event, _ in
                event.key == "CA1-0" ? .gone : event.key == "CA1-1" ? .delivered : .failed("no answer", notBefore: nil)
            }
            let delivery = Self.delivery(store, sender, clock) { tenant in
                if tenant == "CA3" { return nil }
                var settings = Self.settings()
                settings.giveUpHours = 1
                return settings
            }
            for _ in 0..<100 {
                delivery.step()
                clock.advance(60_000)
            }
            let dead = try store.outbox.list(state: .dead)
            #expect(dead.map(\.event.key) == ["CA1-0", "CA2-0", "CA3-0"])
            #expect(dead.map(\.lastError) == ["HTTP status 410: gone", "no answer", "the tenant has no webhook"])
            #expect(
                try store.outbox.list(state: .delivered).map(\.event.key) == ["CA1-1"], "a dead one holds nobody up")
            #expect(delivery.counters.dead == 3)

            let revived = try #require(dead.first).id
            #expect(try store.outbox.retry(id: revived, at: clock.now))
            #expect(try !store.outbox.retry(id: revived, at: clock.now), "it is not dead any more")
            delivery.step()
            #expect(sender.sent.count { $0 == "CA1-0" } == 2)
        }
    }

    @Test func `what was under way at a kill is sent again under the same key`() throws {
        try Self.withStore { store in
            try store.outbox.add(Self.event("CA1", 0))
            let clock = ManualClock()
            let before = ScriptedSender { _, _ in nil }
            Self.delivery(store, before, clock).step()
            let after = ScriptedSender { _, _ in .delivered }
            let delivery = Self.delivery(store, after, clock)
            delivery.step()
            delivery.step()
            #expect(before.sent == ["CA1-0"] && after.sent == ["CA1-0"])
            #expect(try store.outbox.list(state: .delivered).count == 1)
        }
    }

    @Test func `a fact and its event are written together, and the event once`() throws {
        try Self.withStore { (store: TurnStore) throws in
            let turn = StoreRecord.turn(
                call: "CA1", Turn(index: 0, speaker: .caller, item: nil, startedAt: CallInstant(milliseconds: 0)))
            for _ in 0..<2 {
                let done = DispatchSemaphore(value: 0)
                store.appendDurably(.announced(turn, Self.event("CA1", 0))) { outcome in
                    #expect(outcome == .committed(isNew: true, statusChanged: false))
                    done.signal()
                }
                done.wait()
            }
            let events = try store.outbox.list()
            let call = try store.call("CA1")
            #expect(events.count == 1 && call?.turns.count == 1)
        }
    }
}
