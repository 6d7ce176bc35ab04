import ConversationSimulator
import Foundation
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

    /// `scripts/test --all` says how many calls, and prints the seed.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SIMULATE_CALLS"] != nil))
    func `no rule breaks in many calls from a fresh seed`() throws {
        let environment = ProcessInfo.processInfo.environment
        let calls = try #require(environment["SIMULATE_CALLS"].flatMap { UInt64($0) })
        let first = try #require(environment["SIMULATE_SEED"].flatMap { UInt64($0) })
        let simulation = Simulation()
        for seed in first..<(first + calls) {
            guard simulation.run(seed: seed) != nil else { continue }
            let shrunk = ShrunkCall(CallPlan.drawn(seed: seed, from: .all), simulation: simulation)
            Issue.record("\(shrunk.text)")
            return
        }
        let summary = simulation.summary
        print("\(summary.calls) calls from seed \(first): mean \(summary.meanSeconds) s, \(summary.checks) checks")
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

    @Test func `a thousand calls with faults go through all but a few rows of the table`() {
        let simulation = Simulation()
        for seed in 0..<UInt64(1_000) { simulation.run(seed: seed) }
        let missed = simulation.summary.rowsNotVisited
        #expect(missed.count <= 14, "\(missed)")
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
