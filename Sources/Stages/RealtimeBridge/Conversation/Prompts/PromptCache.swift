import Synchronization

/// Prompts that were built, by tenant, direction, channel, language and revision; any thread.
///
/// - What is cached holds nothing of a caller: the key has no place for one, and `callerContext` is added to a copy.
/// - A new revision is another key: new calls have it at once, and calls that run keep the value they were given. The
///   entry of the revision before is dropped when the new one is first asked for.
/// - An entry is of one day ("Today is ..."): on the next one, in the tenant's time zone, it is built anew.
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
        /// Of the misses: there, but of another day.
        public var dayChanges: UInt64 = 0
        /// Asked for, and could not be built.
        public var failures: UInt64 = 0
        /// Dropped because there was no room.
        public var evictions: UInt64 = 0
        /// Dropped because a newer revision was asked for.
        public var superseded: UInt64 = 0
        /// There now.
        public var entries = 0

        public init() {}
        /// 0 ... 1; nil before anything was asked for.
        public var hitRate: Double? { hits + misses == 0 ? nil : Double(hits) / Double(hits + misses) }
    }

    private struct Key: Hashable {
        var tenant: String
        var direction: CallDirection
        var channel: PromptChannel
        var language: String
        var revision: UInt64

        func isSameBut(revision other: Key) -> Bool {
            revision != other.revision && tenant == other.tenant && direction == other.direction
                && channel == other.channel && language == other.language
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
    ///   - whenBuilt: told of the prompt when it had to be built, without the caller's facts, with no lock held.
    public func prompt(
        of edition: PromptEdition, direction: CallDirection, channel: PromptChannel = .calls, language: String? = nil,
        day: Int, today: () -> String, callerContext: String = "",
        whenBuilt: (SessionPrompt) -> Void = { _ in }
    ) throws(PromptError) -> SessionPrompt {
        let language = language ?? edition.source.language
        let slot = slot(
            Key(
                tenant: edition.tenant, direction: direction, channel: channel, language: language,
                revision: edition.revision))
        let answer: (prompt: SessionPrompt, isNew: Bool, replacesDay: Bool)
        do throws(PromptError) {
            answer = try slot.built.withLock { built throws(PromptError) in
                if let built, built.day == day { return (built.prompt, false, false) }
                let prompt = try builder.build(
                    from: edition.source, direction: direction, channel: channel, language: language, today: today())
                let replacesDay = built != nil
                built = (day, prompt)
                return (prompt, true, replacesDay)
            }
        } catch {
            table.withLock { $0.statistics.failures += 1 }
            throw error
        }
        table.withLock {
            if !answer.isNew { return $0.statistics.hits += 1 }
            $0.statistics.misses += 1
            if answer.replacesDay { $0.statistics.dayChanges += 1 }
        }
        if answer.isNew { whenBuilt(answer.prompt) }
        return try builder.adding(callerContext, to: answer.prompt)
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
