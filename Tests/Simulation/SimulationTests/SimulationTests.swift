import ConversationSimulator
import Testing

@Suite struct `Simulated calls` {
    static let batches = 16
    static let callsPerBatch: UInt64 = 250

    @Test(arguments: 0..<UInt64(batches))
    func `no rule breaks in 4,000 calls with faults of all kinds`(batch: UInt64) {
        let simulation = Simulation()
        for seed in (batch * Self.callsPerBatch)..<((batch + 1) * Self.callsPerBatch) {
            guard simulation.run(seed: seed) != nil else { continue }
            let shrunk = ShrunkCall(CallPlan.drawn(seed: seed, from: .all), simulation: simulation)
            Issue.record("\(shrunk.text)")
            return
        }
    }

    @Test(arguments: SimulatedFault.allCases)
    func `each fault strikes when it is the only one, and no rule breaks`(fault: SimulatedFault) {
        let simulation = Simulation(faults: FaultSet([fault]))
        for seed in 0..<UInt64(60) {
            let failure = simulation.run(seed: seed)
            #expect(failure == nil, "seed \(seed)")
        }
        #expect(simulation.summary.faultsStruck > 20)
    }

    @Test func `calls without faults use none, last half a minute and go through the heart of the table`() {
        let simulation = Simulation(faults: .none)
        for seed in 0..<UInt64(500) {
            let failure = simulation.run(seed: seed)
            #expect(failure == nil, "seed \(seed)")
        }
        #expect(simulation.summary.faultsStruck == 0)
        #expect(simulation.summary.meanSeconds >= 30)
        #expect(simulation.summary.rowsVisited >= 40)
    }

    @Test func `4,000 calls with faults go through three quarters of the table, and every fault strikes`() {
        let simulation = Simulation()
        for seed in 0..<UInt64(4_000) { simulation.run(seed: seed) }
        let summary = simulation.summary
        #expect(summary.rowsVisited >= summary.rowsInTable * 3 / 4, "\(summary.rowsNotVisited)")
        #expect(summary.strikes.allSatisfy { $0 > 0 })
        #expect(summary.meanSeconds >= 30)
    }

    @Test(arguments: [UInt64(3), 77, 4_711])
    func `the same seed gives the same call, event by event`(seed: UInt64) {
        let (first, second) = (Simulation(), Simulation())
        first.run(seed: 1)  // What went before must not matter.
        let plan = CallPlan.drawn(seed: seed, from: .all)
        let trace = first.play(plan, traced: true).trace
        let again = second.play(plan, traced: true).trace
        #expect(trace == again)
        #expect(trace.count > 5)
    }
}
