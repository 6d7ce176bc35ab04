public import Configuration
import Foundation
import Synchronization
public import TurnStore

/// Brings the outbox to the tenants' webhooks, on a thread of its own: at least once, in order within a call, a few at a
/// time to each host, again and again with growing waits until it succeeds or is given up.
///
/// Nothing is remembered but what the outbox holds: after a kill everything that was not marked delivered is sent again,
/// under the same key.
public final class EventDelivery: Sendable {
    public struct Options: Sendable {
        /// Deliveries to one host at a time.
        public var perHost = 4
        public var pollMilliseconds = 200
        /// Delivered events are kept so long, to be looked at.
        public var keptHours = 24 * 7
        public var retry = EventRetry()
        public init() {}
    }

    /// What a person may want to know.
    public enum Report: Sendable, Equatable {
        /// It will be repeated.
        case failed(call: String?)
        /// It will not.
        case givenUp(call: String?)
        /// The outbox itself could not be read or written.
        case storeFailed
    }

    private struct State {
        /// By id, with the host each occupies.
        var underWay: [Int64: String] = [:]
        var lastTidied: Int64 = 0
    }

    public let counters = EventCounters()
    private let outbox: Outbox
    private let sender: any EventSender
    private let options: Options
    private let settings: @Sendable (String) -> EventSettings?
    private let now: @Sendable () -> Int64
    private let report: @Sendable (Report) -> Void
    private let state = Mutex(State())
    private let thread: RepeatingThread

    /// - Parameters:
    ///   - settings: the webhook of a tenant as it is configured now; nil when it has none.
    ///   - report: any thread; must not block.
    ///   - now: Unix milliseconds.
    public init(
        outbox: Outbox, sender: any EventSender, options: Options = .init(),
        settings: @escaping @Sendable (String) -> EventSettings?,
        report: @escaping @Sendable (Report) -> Void = { _ in },
        now: @escaping @Sendable () -> Int64 = EventDelivery.wallClock
    ) {
        (self.outbox, self.sender, self.options) = (outbox, sender, options)
        (self.settings, self.report, self.now) = (settings, report, now)
        thread = RepeatingThread(name: "events", pauseMilliseconds: options.pollMilliseconds)
    }

    /// Unix milliseconds.
    public static let wallClock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }

    public func start() { thread.start { [self] in step() } }

    /// Starts nothing more. What is under way may still come through; if it does not, it is sent again after a start.
    public func stop() { thread.stop() }

    /// Deliveries that are under way.
    public var underWay: Int { state.withLock { $0.underWay.count } }

    /// One look at the outbox: starts whatever may be sent now. Not on a loop thread.
    public func step() {
        do throws(StoreError) {
            try look()
        } catch { report(.storeFailed) }
    }

    private func look() throws(StoreError) {
        let time = now()
        counters.setOldest(milliseconds: try outbox.oldestWaiting().map { max(0, time - $0) } ?? 0)
        try tidy(at: time)
        // Tenants whose host takes no more now are left out, so that their backlog hides nobody else's events.
        var busy: [String] = []
        while true {
            // Asked before the outbox is read: what ends in between still looks as if it waited, and was sent.
            let known = state.withLock { Set($0.underWay.keys) }
            let found = try outbox.deliverable(limit: 100, without: busy, at: time)
            var passed = Set<String>()
            for entry in found where !known.contains(entry.id) && !passed.contains(entry.event.tenant) {
                guard let settings = settings(entry.event.tenant) else {
                    try giveUp(entry, "the tenant has no webhook", at: time)
                    continue
                }
                if claim(entry, host: Self.host(of: settings)) {
                    send(entry, settings, at: time)
                } else {
                    passed.insert(entry.event.tenant)
                }
            }
            busy += passed
            // A full page may have hidden events behind a tenant that has no room; else the next look is soon enough.
            guard found.count == 100, !passed.isEmpty else { return }
        }
    }

    /// - Returns: false when the host has as many as it may.
    private func claim(_ entry: OutboxEntry, host: String) -> Bool {
        state.withLock { state in
            guard state.underWay.values.count(where: { $0 == host }) < options.perHost else { return false }
            state.underWay[entry.id] = host
            return true
        }
    }

    private func send(_ entry: OutboxEntry, _ settings: EventSettings, at time: Int64) {
        sender.send(entry.event, to: settings, at: time) { [self] attempt in
            let written = Result { () throws(StoreError) in try record(attempt, of: entry, settings) }
            if case .failure = written { report(.storeFailed) }
            // Only now: until it is written, the event looks as if it waited.
            state.withLock { $0.underWay[entry.id] = nil }
            thread.wake()
        }
    }

    private func record(_ attempt: EventAttempt, of entry: OutboxEntry, _ settings: EventSettings) throws(StoreError) {
        let time = now()
        switch attempt {
        case .delivered:
            try outbox.delivered(id: entry.id, at: time)
            counters.addDelivered()
        case .gone: try giveUp(entry, "HTTP status 410: gone", at: time)
        case .failed(let error, let asked):
            let wait = options.retry.wait(event: entry.id, attempts: entry.attempts + 1, asked: asked)
            let age = time - entry.event.createdAtUnixMilliseconds
            if age + wait > Int64(settings.giveUpHours) * 3_600_000 {
                try giveUp(entry, error, at: time)
            } else {
                try outbox.failed(id: entry.id, retryAt: time + wait, error: error, at: time)
                counters.addRetried()
                report(.failed(call: entry.event.call))
            }
        }
    }

    private func giveUp(_ entry: OutboxEntry, _ error: String, at time: Int64) throws(StoreError) {
        try outbox.bury(id: entry.id, error: error, at: time)
        counters.addDead()
        report(.givenUp(call: entry.event.call))
    }

    /// Once an hour: delivered events that were kept long enough are forgotten.
    private func tidy(at time: Int64) throws(StoreError) {
        let isDue = state.withLock { state in
            guard time - state.lastTidied >= 3_600_000 else { return false }
            state.lastTidied = time
            return true
        }
        if isDue { try outbox.forgetDelivered(before: time - Int64(options.keptHours) * 3_600_000) }
    }

    private static func host(of settings: EventSettings) -> String {
        let parts = URLComponents(string: settings.url)
        return "\(parts?.host ?? "")\(parts?.port.map { ":\($0)" } ?? "")".lowercased()
    }
}
