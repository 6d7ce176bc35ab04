import AudioPipeline
import Testing

private let millisecond: UInt64 = 1_000_000

@Suite struct `Frame clock` {
    private let start: UInt64 = 5_000 * millisecond

    @Test func `sleeps while it has no members`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 4)
        #expect(clock.nextDeadline() == nil)
        clock.add(member: 0, phase: .inbound, slot: 3, now: start)
        #expect(clock.nextDeadline() == start + 3 * millisecond)
        clock.remove(member: 0)
        #expect(clock.nextDeadline() == nil)
    }

    @Test func `every deadline is the start plus whole periods, for ten minutes`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 1)
        clock.add(member: 0, phase: .outbound, slot: 7, now: start)
        for tick in 0..<30_000 as Range<UInt64> {
            let deadline = start + 7 * millisecond + tick * 20 * millisecond
            #expect(clock.nextDeadline() == deadline)
            let visits = visits(of: &clock, at: deadline + 40_000)
            #expect(visits.map(\.tick) == [tick] && visits[0].latenessNanoseconds == 40_000)
        }
        #expect(clock.missedCount == 0 && clock.lateCount == 0)
    }

    @Test func `visits due slots oldest first, each member with its phase`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 4)
        clock.add(member: 2, phase: .inbound, slot: 9, now: start)
        clock.add(member: 1, phase: .outbound, slot: 4, now: start)
        clock.add(member: 1, phase: .inbound, slot: 9, now: start)
        let order = visits(of: &clock, at: start + 10 * millisecond).map { "\($0.member) \($0.phase)" }
        #expect(order == ["1 outbound", "2 inbound", "1 inbound"])
        #expect(visits(of: &clock, at: start + 10 * millisecond).isEmpty)
    }

    @Test(arguments: [(5, 0, 1), (30, 1, 1), (200, 10, 1)])
    func `S05 a stall is counted late, skipped over and never made up for by a burst`(
        stallMilliseconds: Int, missed: Int, late: Int
    ) {
        var clock = FrameClock(startNanoseconds: start, capacity: 1)
        clock.add(member: 0, phase: .outbound, slot: 0, now: start - 1)
        #expect(visits(of: &clock, at: start).count == 1)
        let back = start + 20 * millisecond + UInt64(stallMilliseconds) * millisecond
        let afterStall = visits(of: &clock, at: back)
        #expect(afterStall.count == 1, "one visit, however long it took")
        #expect(afterStall[0].missedTicks == missed)
        #expect(afterStall[0].latenessNanoseconds == UInt64(stallMilliseconds) * millisecond)
        #expect(clock.missedCount == UInt64(missed) && clock.lateCount == UInt64(late))
        // The grid stays where it was.
        let next = clock.nextDeadline()!
        #expect((next - start) % (20 * millisecond) == 0 && next > back && next - back <= 20 * millisecond)
        #expect(visits(of: &clock, at: next)[0].latenessNanoseconds == 0)
    }

    @Test func `S73 after 200 ms away both phases of every call are served once, at once`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 50)
        for member in 0..<50 {
            clock.add(member: member, phase: .inbound, slot: member % 20, now: start - 1)
            clock.add(member: member, phase: .outbound, slot: (member + 7) % 20, now: start - 1)
        }
        #expect(visits(of: &clock, at: start + 19 * millisecond).count == 100)
        let late = visits(of: &clock, at: start + 219 * millisecond)
        #expect(late.count == 100)
        #expect(Set(late.map { $0.member * 2 + Int($0.phase.rawValue) }).count == 100)
    }

    @Test func `a newcomer inherits neither lateness nor an early visit`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 2)
        clock.add(member: 0, phase: .outbound, slot: 0, now: start - 1)
        let stalled = start + 50 * millisecond
        clock.add(member: 1, phase: .outbound, slot: 0, now: stalled)
        #expect(visits(of: &clock, at: stalled).map(\.member) == [0])
        let next = visits(of: &clock, at: start + 60 * millisecond)
        #expect(next.map(\.member) == [0, 1] && next.allSatisfy { $0.latenessNanoseconds == 0 })
    }

    @Test func `a slot that stood empty starts afresh`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 1)
        clock.add(member: 0, phase: .outbound, slot: 0, now: start - 1)
        clock.remove(member: 0)
        clock.add(member: 0, phase: .outbound, slot: 0, now: start + 990 * millisecond)
        #expect(clock.nextDeadline() == start + 1_000 * millisecond)
        #expect(visits(of: &clock, at: start + 1_000 * millisecond)[0].latenessNanoseconds == 0)
        #expect(clock.missedCount == 0)
    }

    @Test func `members leave, join and move while their slot is being visited`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 5)
        for member in 0..<4 { clock.add(member: member, phase: .inbound, slot: 2, now: start) }
        let now = start + 2 * millisecond
        var seen: [Int] = []
        while let visit = clock.nextVisit(now: now) {
            seen.append(visit.member)
            switch visit.member {
            case 0:
                clock.remove(member: 0)
                clock.remove(member: 1)  // The next in line.
            case 2:
                clock.move(member: 2, phase: .inbound, to: 5, now: now)
                clock.add(member: 4, phase: .inbound, slot: 2, now: now)
            default: break
            }
        }
        #expect(seen == [0, 2, 3])
        #expect(clock.slot(of: 2, phase: .inbound) == 5 && clock.slot(of: 1, phase: .inbound) == nil)
        #expect(visits(of: &clock, at: now + 20 * millisecond).map(\.member) == [2, 3, 4])
        #expect(clock.count == 3)
    }

    @Test func `chooses the emptiest slot and the one just after an arrival`() {
        var clock = FrameClock(startNanoseconds: start, capacity: 40)
        for member in 0..<20 where member != 13 { clock.add(member: member, phase: .inbound, slot: member, now: start) }
        #expect(clock.emptiestSlot() == 13)
        #expect(clock.emptiestSlot(from: 14) == 13)
        clock.add(member: 13, phase: .inbound, slot: 13, now: start)
        #expect(clock.emptiestSlot(from: 6) == 6)
        #expect(clock.slot(after: start) == 1)
        #expect(clock.slot(after: start + 4 * millisecond + 999_999) == 5)
        #expect(clock.slot(after: start + 19_500_000) == 0)
        #expect(clock.slot(after: start + 3_020 * millisecond) == 1)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `agrees with a plain list of members through any life`(seed: UInt64) {
        var state = seed
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        /// What the clock should be: each phase with the next moment it is due.
        struct Model {
            var slot: Int
            var due: UInt64
        }
        var clock = FrameClock(startNanoseconds: start, capacity: 8)
        var model: [Int: Model] = [:]
        var now = start
        func firstDue(_ slot: Int) -> UInt64 {
            var due = start + UInt64(slot) * millisecond
            if due <= now { due += ((now - due) / (20 * millisecond) + 1) * 20 * millisecond }
            return due
        }
        for _ in 0..<2_000 {
            let key = Int(random(16)), slot = Int(random(20))
            let member = key >> 1, phase = ClockPhase(rawValue: UInt8(key & 1))!
            switch random(6) {
            case 0 where model[key] == nil:
                clock.add(member: member, phase: phase, slot: slot, now: now)
                model[key] = Model(slot: slot, due: firstDue(slot))
            case 1:
                clock.remove(member: member, phase: phase)
                model[key] = nil
            case 2 where model[key] != nil:
                clock.move(member: member, phase: phase, to: slot, now: now)
                model[key] = Model(slot: slot, due: firstDue(slot))
            default:
                now += random(20) == 0 ? random(300) * millisecond : random(3_000_000)
                var expected: [Int: (lateness: UInt64, missed: Int)] = [:]
                for (key, entry) in model where entry.due <= now {
                    let missed = (now - entry.due) / (20 * millisecond)
                    expected[key] = (now - entry.due, Int(missed))
                    model[key]!.due = entry.due + (missed + 1) * 20 * millisecond
                }
                for visit in visits(of: &clock, at: now) {
                    let known = expected.removeValue(forKey: visit.member << 1 | Int(visit.phase.rawValue))
                    #expect(known?.lateness == visit.latenessNanoseconds && known?.missed == visit.missedTicks)
                }
                #expect(expected.isEmpty)
            }
            #expect(clock.count == model.count)
            #expect(clock.nextDeadline() == model.values.map(\.due).min())
        }
    }

    private func visits(of clock: inout FrameClock, at now: UInt64) -> [ClockVisit] {
        var visits: [ClockVisit] = []
        clock.advance(to: now) { visits.append($0) }
        return visits
    }
}
