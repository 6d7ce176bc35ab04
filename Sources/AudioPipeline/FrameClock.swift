/// When whose frame is due: 20 slots of one millisecond, and every call in one of them for each direction.
///
/// Slot s is due at start + s x 1 ms + k x 20 ms, on whatever monotonic clock the caller reads; the clock itself never
/// looks at one. A slot that is served late is served once: the periods it missed are counted and skipped, never made
/// up for by a burst. One thread. Allocates in `init` only.
public struct FrameClock: ~Copyable {
    public static let slotCount = 20
    public static let slotNanoseconds: UInt64 = 1_000_000
    public static let periodNanoseconds: UInt64 = 20_000_000

    public let startNanoseconds: UInt64
    /// Members it has room for: 0 ..< capacity.
    public let capacity: Int
    /// A visit later than this counts as late.
    public let lateAfterNanoseconds: UInt64

    /// Slots served late.
    public private(set) var lateCount: UInt64 = 0
    /// Periods that passed unserved in slots that had members.
    public private(set) var missedCount: UInt64 = 0
    public private(set) var worstLatenessNanoseconds: UInt64 = 0
    /// Member phases in the clock.
    public private(set) var count = 0

    // Doubly linked lists through fixed arrays: joining, leaving and moving allocate nothing and are safe in a visit.
    private var slots: [Slot]
    private var entries: [Entry]
    private var visiting: Visiting?

    private struct Slot {
        var first: Int32 = -1
        var last: Int32 = -1
        var count: Int32 = 0
        var nextTick: UInt64 = 0
    }
    private struct Entry {
        var slot: Int32 = -1
        var next: Int32 = -1
        var previous: Int32 = -1
        /// Not visited before this one, so that nobody inherits the lateness of others.
        var firstTick: UInt64 = 0
    }
    /// A slot being served: who comes next, and what all of them are told.
    private struct Visiting {
        var cursor: Int32
        var slot: Int
        var tick: UInt64
        var dueTick: UInt64
        var now: UInt64
    }

    /// - Parameters:
    ///   - startNanoseconds: the moment slot 0 is first due.
    ///   - capacity: members it will ever hold at a time.
    public init(startNanoseconds: UInt64, capacity: Int, lateAfterNanoseconds: UInt64 = 2_000_000) {
        precondition(capacity > 0 && capacity < 1 << 30, "capacity: \(capacity)")
        self.startNanoseconds = startNanoseconds
        self.capacity = capacity
        self.lateAfterNanoseconds = lateAfterNanoseconds
        slots = Array(repeating: Slot(), count: Self.slotCount)
        entries = Array(repeating: Entry(), count: capacity * 2)
    }

    // MARK: Members

    /// Puts a member's phase into a slot; first due at that slot's first deadline after `now`.
    /// - Precondition: this phase of `member` is not in the clock.
    public mutating func add(member: Int, phase: ClockPhase, slot: Int, now: UInt64) {
        let entry = index(member, phase)
        precondition(entries[entry].slot < 0, "member \(member) is in the clock already")
        precondition(slot >= 0 && slot < Self.slotCount, "slot: \(slot)")
        let firstTick = tick(of: slot, after: now)
        if slots[slot].count == 0 { slots[slot].nextTick = firstTick }
        entries[entry] = Entry(slot: Int32(slot), next: -1, previous: slots[slot].last, firstTick: firstTick)
        if slots[slot].last >= 0 {
            entries[Int(slots[slot].last)].next = Int32(entry)
        } else {
            slots[slot].first = Int32(entry)
        }
        slots[slot].last = Int32(entry)
        slots[slot].count += 1
        count += 1
    }

    /// Takes a member's phase out; does nothing when it is not in.
    public mutating func remove(member: Int, phase: ClockPhase) {
        let entry = index(member, phase)
        let old = entries[entry]
        guard old.slot >= 0 else { return }
        let slot = Int(old.slot)
        if old.previous >= 0 { entries[Int(old.previous)].next = old.next } else { slots[slot].first = old.next }
        if old.next >= 0 { entries[Int(old.next)].previous = old.previous } else { slots[slot].last = old.previous }
        if visiting?.cursor == Int32(entry) { visiting?.cursor = old.next }
        slots[slot].count -= 1
        count -= 1
        entries[entry] = Entry()
    }

    /// Takes both phases of a member out.
    public mutating func remove(member: Int) {
        remove(member: member, phase: .inbound)
        remove(member: member, phase: .outbound)
    }

    /// Moves a phase to another slot; next due at that slot's first deadline after `now`. Between talk spurts only:
    /// within one it would be heard as a gap or sent as a burst.
    public mutating func move(member: Int, phase: ClockPhase, to slot: Int, now: UInt64) {
        remove(member: member, phase: phase)
        add(member: member, phase: phase, slot: slot, now: now)
    }

    /// The slot a member's phase is in; nil when it is not in the clock.
    public func slot(of member: Int, phase: ClockPhase) -> Int? {
        let slot = entries[index(member, phase)].slot
        return slot < 0 ? nil : Int(slot)
    }

    // MARK: Choosing a slot

    /// The slot with the fewest members; among equals the first from `preferred` on.
    public func emptiestSlot(from preferred: Int = 0) -> Int {
        var best = preferred % Self.slotCount
        for step in 1..<Self.slotCount {
            let slot = (preferred + step) % Self.slotCount
            if slots[slot].count < slots[best].count { best = slot }
        }
        return best
    }

    /// The slot that is next due after `instant`: what arrives at that moment of each period waits less than 1 ms.
    public func slot(after instant: UInt64) -> Int {
        guard instant >= startNanoseconds else { return 0 }
        return Int((instant - startNanoseconds) / Self.slotNanoseconds + 1) % Self.slotCount
    }

    // MARK: Time

    /// When the loop must be back; nil while nobody is in the clock.
    public func nextDeadline() -> UInt64? {
        if let visiting, visiting.cursor >= 0 { return visiting.now }
        var earliest: UInt64?
        for slot in 0..<Self.slotCount where slots[slot].count > 0 {
            let due = deadline(of: slot, tick: slots[slot].nextTick)
            if earliest == nil || due < earliest! { earliest = due }
        }
        return earliest
    }

    /// The next phase that is due at `now`; nil when all that was due has been visited. Members may join, leave and
    /// move between two calls.
    public mutating func nextVisit(now: UInt64) -> ClockVisit? {
        while true {
            while let current = visiting {
                guard current.cursor >= 0 else {
                    visiting = nil
                    break
                }
                let entry = Int(current.cursor)
                visiting!.cursor = entries[entry].next
                if let visit = visit(entry, current) { return visit }
            }
            guard let slot = dueSlot(now: now) else { return nil }
            begin(slot, now: now)
        }
    }

    /// Visits every phase that is due at `now`, oldest deadline first. The clock is borrowed meanwhile: to let members
    /// come and go in a visit, loop over `nextVisit`.
    public mutating func advance(to now: UInt64, visit: (ClockVisit) -> Void) {
        while let next = nextVisit(now: now) { visit(next) }
    }

    private mutating func begin(_ slot: Int, now: UInt64) {
        let dueTick = slots[slot].nextTick
        // A late loop serves the newest period only; those before it are gone.
        let tick = (now - deadline(of: slot, tick: 0)) / Self.periodNanoseconds
        slots[slot].nextTick = tick + 1
        let lateness = now - deadline(of: slot, tick: dueTick)
        if lateness > lateAfterNanoseconds { lateCount += 1 }
        missedCount += tick - dueTick
        worstLatenessNanoseconds = max(worstLatenessNanoseconds, lateness)
        visiting = Visiting(cursor: slots[slot].first, slot: slot, tick: tick, dueTick: dueTick, now: now)
    }

    private func visit(_ entry: Int, _ current: Visiting) -> ClockVisit? {
        let dueTick = max(current.dueTick, entries[entry].firstTick)
        guard dueTick <= current.tick else { return nil }
        return ClockVisit(
            member: entry >> 1, phase: entry & 1 == 0 ? .inbound : .outbound, tick: current.tick,
            deadlineNanoseconds: deadline(of: current.slot, tick: current.tick),
            latenessNanoseconds: current.now - deadline(of: current.slot, tick: dueTick),
            missedTicks: Int(current.tick - dueTick))
    }

    private func dueSlot(now: UInt64) -> Int? {
        var best: Int?
        var bestDeadline = UInt64.max
        for slot in 0..<Self.slotCount where slots[slot].count > 0 {
            let due = deadline(of: slot, tick: slots[slot].nextTick)
            if due <= now, due < bestDeadline { (best, bestDeadline) = (slot, due) }
        }
        return best
    }

    private func deadline(of slot: Int, tick: UInt64) -> UInt64 {
        startNanoseconds + UInt64(slot) * Self.slotNanoseconds + tick * Self.periodNanoseconds
    }

    /// The first tick of `slot` whose deadline is later than `now`.
    private func tick(of slot: Int, after now: UInt64) -> UInt64 {
        let first = deadline(of: slot, tick: 0)
        return now < first ? 0 : (now - first) / Self.periodNanoseconds + 1
    }

    private func index(_ member: Int, _ phase: ClockPhase) -> Int {
        precondition(member >= 0 && member < capacity, "member: \(member), capacity: \(capacity)")
        return member << 1 | Int(phase.rawValue)
    }
}

/// Which of a call's two ticks.
public enum ClockPhase: UInt8, Sendable, BitwiseCopyable {
    /// Drains what the caller sent.
    case inbound
    /// Sends one frame to the caller.
    case outbound
}

/// One phase of one member is due.
public struct ClockVisit: Sendable, Equatable, BitwiseCopyable {
    public var member: Int
    public var phase: ClockPhase
    /// Which period of its slot since the clock's start.
    public var tick: UInt64
    /// When that period was due.
    public var deadlineNanoseconds: UInt64
    /// How long after the first unserved deadline this comes.
    public var latenessNanoseconds: UInt64
    /// Periods skipped just before this one.
    public var missedTicks: Int
}
