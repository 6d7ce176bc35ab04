import Conversation
import ConversationSimulator
import Testing

@Suite struct `Fault sets and seeds` {
    @Test func `all, none, and a list in any order`() throws {
        let all = try FaultSet(parsing: "all")
        let none = try FaultSet(parsing: "none")
        let some = try FaultSet(parsing: "modelDrops, noMarks")
        #expect(all.faults == SimulatedFault.allCases)
        #expect(none.isEmpty)
        #expect(some.faults == [.noMarks, .modelDrops])
    }

    @Test(arguments: ["", "model", "noMarks,", "all,noMarks"])
    func `a name that is no fault's is refused, and all names are given`(text: String) {
        let error = #expect(throws: FaultSetError.self) { try FaultSet(parsing: text) }
        #expect(error?.description.contains("carrierHalfOpen") == true)
    }

    /// First numbers of SplitMix64 with the seed 1234567, as other implementations give them (rosettacode.org).
    @Test func `the generator is SplitMix64`() {
        var random = SplitMix64(seed: 1_234_567)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    @Test func `what is drawn stays in its range and reaches both ends`() {
        var random = SplitMix64(seed: 1)
        var seen = Set<Int64>()
        for _ in 0..<1_000 { seen.insert(random.within(-2...3)) }
        #expect(seen == [-2, -1, 0, 1, 2, 3])
    }

    @Test func `a plan without anything is a calm call, and one with everything is itself`() {
        let plan = CallPlan.drawn(seed: 5, from: .all)
        let simulation = Simulation()
        let whole = simulation.play(plan, traced: true).trace
        let kept = simulation.play(plan.keeping(Array(0..<plan.elementCount)), traced: true).trace
        #expect(whole == kept)
        let calm = simulation.play(plan.keeping([]))
        #expect(calm.broken.isEmpty)
        #expect(calm.struck.isEmpty)
        #expect(calm.hangUp == .silence)
    }
}
