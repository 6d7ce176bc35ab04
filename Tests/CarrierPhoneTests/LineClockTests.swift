import Testing

@testable import CarrierPhone

@Suite struct `Line clock` {
    private static let ms: UInt64 = 1_000_000

    @Test func `late ticks never move the deadlines of later frames`() {
        var clock = LineClock(beginning: 1_000 * Self.ms)
        var frames = 0
        for tick in 1...500 {
            #expect(clock.deadline == (1_000 + UInt64(tick) * 20) * Self.ms)
            frames += clock.framesDue(at: clock.deadline + UInt64(tick % 19) * Self.ms)
        }
        #expect(frames == 500)
    }

    @Test func `a stall is made up for, up to a second`() {
        var clock = LineClock(beginning: 0)
        #expect(clock.framesDue(at: 19 * Self.ms) == 0)
        #expect(clock.framesDue(at: 75 * Self.ms) == 3)
        #expect(clock.deadline == 80 * Self.ms)
        #expect(clock.latenessMicroseconds(at: 83 * Self.ms) == 3_000)
        #expect(clock.latenessMicroseconds(at: 70 * Self.ms) == 0)
        #expect(clock.framesDue(at: 5_001 * Self.ms) == 50)
        #expect(clock.deadline == 5_020 * Self.ms)
    }
}
