import Synchronization

/// Prompts that were built, by tenant, direction, channel, language and revision; any thread.
///
/// - What is cached holds nothing of a caller: the key has no place for one, and `callerContext` is added to a copy.
/// - A new revision is another key: new calls have it at once, and calls that run keep the value they were given. The
///   entry of the revision before is dropped when the new one is built: by `renew` when the edit is taken, so that no call
///   builds what an earlier one had found, else by whoever asks first.
/// - An entry is of one day ("Today is ..."): on the next one, in the tenant's time zone, its day is replaced, and nothing
///   else of it is made again. No prompt leaves with a day that is over.
/// - Many who ask at once for what is not there wait for one to build it. A build is a fraction of a millisecond, without
///   disk or network; others' entries can be had meanwhile.
/// - Bounded: when full, the entry that was not asked for the longest goes.
public final class PromptCache: Sendable {
    /// What has happened so far.
    public struct Statistics: Sendable, Equatable {
        /// Asked for and there.
        public var hits: UInt64 = 0
        /// Asked for and built.
        public var misses: UInt64 = 0
        /// Of the hits: there, of another day, and given the new one.
        public var dayChanges: UInt64 = 0
        /// Asked for, and could not be built.
        public var failures: UInt64 = 0
        /// Dropped because there was no room.
        public var evictions: UInt64 = 0
        /// Dropped because another revision was asked for, or renewed them.
        public var superseded: UInt64 = 0
        /// Built when an edit was taken, before any call asked; neither hits nor misses.
        public var renewals: UInt64 = 0
        /// There now.
        public var entries = 0

        public init() {}
        /// 0 ... 1; nil before anything was asked for.
        public var hitRate: Double? { hits + misses == 0 ? nil : Double(hits) / Double(hits + misses) }
    }

    private struct Key: Hashable {
        var tenant: String
        var isOutsideHours: Bool
        var direction: CallDirection
        var channel: PromptChannel
        var language: String
        var revision: UInt64

        init(_ edition: PromptEdition, _ direction: CallDirection, _ channel: PromptChannel, _ language: String) {
            (tenant, isOutsideHours, revision) = (edition.tenant, edition.isOutsideHours, edition.revision)
            (self.direction, self.channel, self.language) = (direction, channel, language)
        }

        func isSameBut(revision other: Key) -> Bool {
            isOlder(than: other.revision, of: other.tenant, isOutsideHours: other.isOutsideHours)
                && direction == other.direction && channel == other.channel && language == other.language
        }

        func isOlder(than revision: UInt64, of tenant: String, isOutsideHours: Bool) -> Bool {
            self.revision != revision && self.tenant == tenant && self.isOutsideHours == isOutsideHours
        }
    }

    /// One entry. Its lock is held while it is built: who asks for the same meanwhile waits for it.
    private final class Slot: Sendable {
        let built = Mutex<(day: Int, prompt: SessionPrompt)?>(nil)
    }

    private struct Table {
        var slots: [Key: (slot: Slot, usedAt: UInt64)] = [:]
        var uses: UInt64 = 0
        var statistics = Statistics()
    }

    private let builder: PromptBuilder
    private let capacity: Int
    private let table = Mutex(Table())

    /// - Parameter capacity: at least 1. An entry takes about twice the bytes of its instructions.
    public init(builder: PromptBuilder = PromptBuilder(), capacity: Int = 1_024) {
        (self.builder, self.capacity) = (builder, max(1, capacity))
    }

    /// The prompt of one call.
    /// - Parameters:
    ///   - language: ISO 639-1; nil: the tenant's.
    ///   - day: tells days apart in the tenant's time zone.
    ///   - today: that day as a person would say it; asked for when the prompt is built.
    ///   - callerContext: facts about this caller; never kept here.
    ///   - whenBuilt: told of the prompt when it was built or given a new day, without the caller's facts, with no lock
    ///     held.
    public func prompt(
        of edition: PromptEdition, direction: CallDirection, channel: PromptChannel = .calls, language: String? = nil,
        day: Int, today: () -> String, callerContext: String = "",
        whenBuilt: (SessionPrompt) -> Void = { _ in }
    ) throws(PromptError) -> SessionPrompt {
        let key = Key(edition, direction, channel, language ?? edition.source.language)
        let answer: (prompt: SessionPrompt, source: Source)
        do throws(PromptError) { answer = try entry(key, of: edition, day: day, today: today) } catch {
            table.withLock { $0.statistics.failures += 1 }
            throw error
        }
        table.withLock {
            guard answer.source != .built else { return $0.statistics.misses += 1 }
            $0.statistics.hits += 1
            if answer.source == .dated { $0.statistics.dayChanges += 1 }
        }
        if answer.source != .kept { whenBuilt(answer.prompt) }
        return try builder.adding(callerContext, to: answer.prompt)
    }

    /// A tenant's edit was taken: what its calls have asked for is built anew now, so that none of them has to. Parameters
    /// as of `prompt`. Not inside a tick. What cannot be built is told to the next call that asks.
    public func renew(
        _ edition: PromptEdition, day: Int, today: () -> String, whenBuilt: (SessionPrompt) -> Void = { _ in }
    ) {
        let old = table.withLock { table in
            table.slots.keys.filter {
                $0.isOlder(than: edition.revision, of: edition.tenant, isOutsideHours: edition.isOutsideHours)
            }
        }
        for key in old where edition.source[key.direction] != nil {
            let key = Key(edition, key.direction, key.channel, key.language)
            guard let answer = try? entry(key, of: edition, day: day, today: today), answer.source == .built else {
                continue
            }
            table.withLock { $0.statistics.renewals += 1 }
            whenBuilt(answer.prompt)
        }
    }

    private enum Source { case kept, dated, built }

    /// Built, or given the day, by the first who asks; the others wait for it.
    private func entry(
        _ key: Key, of edition: PromptEdition, day: Int, today: () -> String
    ) throws(PromptError) -> (prompt: SessionPrompt, source: Source) {
        try slot(key).built.withLock { built throws(PromptError) in
            if let built, built.day == day { return (built.prompt, .kept) }
            if let known = built?.prompt {
                let prompt = try builder.dated(known, today(), timeZone: edition.source.timeZone)
                built = (day, prompt)
                return (prompt, .dated)
            }
            let prompt = try builder.build(
                from: edition.source, direction: key.direction, channel: key.channel, language: key.language,
                today: today())
            built = (day, prompt)
            return (prompt, .built)
        }
    }

    /// Any thread. `hits` and `misses` belong together.
    public var statistics: Statistics {
        table.withLock { table in
            var statistics = table.statistics
            statistics.entries = table.slots.count
            return statistics
        }
    }

    /// Forgets a tenant's prompts: the next call of each kind is built anew.
    public func forget(tenant: String) {
        table.withLock { table in table.slots = table.slots.filter { $0.key.tenant != tenant } }
    }

    private func slot(_ key: Key) -> Slot {
        table.withLock { table in
            table.uses += 1
            if let entry = table.slots[key] {
                table.slots[key]?.usedAt = table.uses
                return entry.slot
            }
            // A miss: the walk over all entries is short beside what is built next.
            if let old = table.slots.keys.first(where: key.isSameBut(revision:)) {
                table.slots[old] = nil
                table.statistics.superseded += 1
            } else if table.slots.count >= capacity,
                let oldest = table.slots.min(by: { $0.value.usedAt < $1.value.usedAt })?.key
            {
                table.slots[oldest] = nil
                table.statistics.evictions += 1
            }
            let slot = Slot()
            table.slots[key] = (slot, table.uses)
            return slot
        }
    }
}
