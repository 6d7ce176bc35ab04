import HostBench
import Testing

@Suite struct `Capacity search` {
    private struct Outcome: Equatable {
        var calls: Int
        var limitedBy: String
        var runs: [CapacitySearch.Run]
    }

    private func search(_ host: FakeHost, first: Int = 100, most: Int = 10_000) -> Outcome {
        let level = ServiceLevel()
        var search = CapacitySearch(first: first, most: most)
        while true {
            switch search.next() {
            case .run(let calls):
                let report = host.report(BenchPlan(calls: calls))
                search.record(.init(calls: calls, verdict: level.verdict(of: report), coreShare: report.coreShare))
            case .done(let calls, let limitedBy):
                return Outcome(calls: calls, limitedBy: limitedBy, runs: search.runs)
            }
        }
    }

    @Test(arguments: [5.0, 12, 17.2, 37.4, 130, 2_000], [1, 10, 100, 500])
    func `finds what fits into four fifths of a core, from below and within a twentieth`(_ cost: Double, _ first: Int) {
        let fits = Int((0.8 - 0.02) * 20_000 / cost)
        let found = search(FakeHost(microsecondsPerCallFrame: cost), first: first)
        #expect(found.calls <= fits && Double(found.calls) >= Double(fits) * 0.94 - 1, "\(found.calls) of \(fits)")
        #expect(found.limitedBy.hasPrefix("core "))
        #expect(found.runs.count <= 14, "\(found.runs.map(\.calls))")
    }

    @Test(arguments: [1, 7, 130, 333, 4_000])
    func `callers that hear gaps end it though there is processor time left`(_ breaksAt: Int) {
        let found = search(FakeHost(microsecondsPerCallFrame: 1, breaksAt: breaksAt))
        #expect(found.calls < breaksAt && Double(found.calls) >= Double(breaksAt - 1) * 0.94 - 1)
        #expect(found.limitedBy == "gap p99.9 31.0 ms, limit 25.0 ms")
        // On an idle machine a break is tried again before it counts.
        let broken = found.runs.filter { $0.verdict != .held }.map(\.calls)
        for calls in Set(broken) { #expect(broken.count { $0 == calls } == 2) }
    }

    @Test func `what only one of two runs broke, held`() {
        var search = CapacitySearch(first: 100)
        search.record(.init(calls: 100, verdict: .broke(["gap"]), coreShare: 0.1))
        #expect(search.next() == .run(calls: 100))
        search.record(.init(calls: 100, verdict: .held, coreShare: 0.1))
        #expect(search.next() == .run(calls: 500))
        // A void run between them is no try.
        search.record(.init(calls: 500, verdict: .void(["late"]), coreShare: 0.5))
        search.record(.init(calls: 500, verdict: .broke(["gap"]), coreShare: 0.5))
        #expect(search.next() == .run(calls: 500))
        search.record(.init(calls: 500, verdict: .broke(["gap"]), coreShare: 0.5))
        #expect(search.next() != .run(calls: 500))
    }

    @Test func `a void run is repeated, and three of them are no capacity of the host`() {
        var search = CapacitySearch(first: 100)
        search.record(.init(calls: 100, verdict: .held, coreShare: 0.4))
        #expect(search.next() == .run(calls: 200))
        search.record(.init(calls: 200, verdict: .void(["late"]), coreShare: 0.7))
        #expect(search.next() == .run(calls: 200))
        search.record(.init(calls: 200, verdict: .held, coreShare: 0.7))
        #expect(search.next() == .run(calls: 230))

        // On a machine too busy for the first calls, fewer tell no more.
        let busy = self.search(FakeHost(generatorLateAt: 1))
        #expect(busy.calls == 0 && busy.runs.count == CapacitySearch.voidTries)

        let found = self.search(FakeHost(microsecondsPerCallFrame: 1, generatorLateAt: 300))
        #expect(found.calls < 300 && found.calls >= 280)
        #expect(found.limitedBy.contains("could not be measured (the generator was late); the host may carry more"))
        for calls in Set(found.runs.filter { $0.verdict != .held }.map(\.calls)) {
            #expect(found.runs.count { $0.calls == calls } == CapacitySearch.voidTries)
        }
    }

    @Test func `a host that carries nobody has no capacity, and one without end has the most that can be asked for`() {
        let none = search(FakeHost(microsecondsPerCallFrame: 20_000))
        #expect(none.calls == 0 && none.limitedBy.hasPrefix("core 1.02"))
        let endless = search(FakeHost(microsecondsPerCallFrame: 0.01), most: 4_000)
        #expect(endless.calls == 4_000 && endless.limitedBy == "no more than 4000 calls can be asked for")
    }

    @Test func `ends whatever runs give`() {
        // Verdicts that follow no rule, from a fixed seed.
        var state: UInt64 = 7
        for _ in 0..<200 {
            var search = CapacitySearch(first: 50)
            var steps = 0
            while case .run(let calls) = search.next() {
                #expect(calls >= 1 && calls <= 10_000)
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let verdict: BenchVerdict = [.held, .broke(["gap"]), .void(["late"])][Int(state >> 33) % 3]
                let share = Double(state >> 40) / Double(1 << 24)
                search.record(.init(calls: calls, verdict: verdict, coreShare: state & 64 == 0 ? nil : share))
                steps += 1
                if steps > 100 { break }
            }
            #expect(steps <= CapacitySearch.mostRuns)
        }
    }
}
