import Conversation
import ConversationSimulator
import Testing

/// Ten classic bugs put back, one at a time: a simulator that finds nothing must be shown to be able to.
@Suite struct `Classic bugs` {
    static let limit: UInt64 = 20_000

    @Test(arguments: ConversationDefects.all.map(\.name))
    func `each is found within 20,000 calls that are clean without it`(name: String) throws {
        let defect = try #require(ConversationDefects.all.first { $0.name == name }?.defect)
        let broken = Simulation(faults: .all, defects: defect)
        var found: (seed: UInt64, rule: String)?
        for seed in 0..<Self.limit {
            guard let failure = broken.run(seed: seed) else { continue }
            found = (seed, failure.rule)
            break
        }
        let (seed, rule) = try #require(found, "not found in \(Self.limit) calls")
        print("\(name): found in call \(seed + 1): \(rule)")
        let sound = Simulation()
        for seed in 0...seed {
            let failure = sound.run(seed: seed)
            #expect(failure == nil, "seed \(seed)")
        }
    }

    @Test func `there are ten`() { #expect(Set(ConversationDefects.all.map(\.defect)).count == 10) }

    @Test(arguments: ConversationDefects.all.map(\.name))
    func `a call that it breaks shrinks to a few things, always the same, that break the same rule`(
        name: String
    ) throws {
        let defect = try #require(ConversationDefects.all.first { $0.name == name }?.defect)
        let broken = Simulation(faults: .all, defects: defect)
        var seed: UInt64 = 0
        while broken.run(seed: seed) == nil, seed < Self.limit { seed += 1 }
        let plan = CallPlan.drawn(seed: seed, from: .all)
        let shrunk = ShrunkCall(plan, simulation: broken)
        #expect(shrunk.kept.count < plan.elementCount / 2, "\(shrunk.text)")
        let again = ShrunkCall(plan, simulation: broken).kept
        #expect(shrunk.kept == again)
        let whole = try #require(broken.play(plan).broken.first)
        let rule = try #require(shrunk.result.broken.first)
        #expect(rule.prefix { $0 != " " } == whole.prefix { $0 != " " })
        #expect(shrunk.text.contains("--seed \(seed) --calls 1"))
        #expect(!shrunk.result.trace.isEmpty)
    }
}
