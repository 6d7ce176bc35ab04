import AudioPipeline
import Foundation
import RealtimeBridge
import Synchronization
import Testing

@testable import MediaBridge

@Suite struct `The budget of a frame` {
    private func isDemoted(_ processorNanoseconds: [UInt64]) -> Int? {
        var watch = StageWatch()
        watch.suspect()
        for (index, nanoseconds) in processorNanoseconds.enumerated() where watch.spent(nanoseconds: nanoseconds) {
            return index
        }
        return nil
    }

    @Test func `a stage that is dear by its own clock goes with the third frame`() {
        #expect(isDemoted([3_000_000, 9_000, 3_000_000, 9_000, 3_000_000]) == 4)
    }

    @Test func `a thread that was not run is no dear stage`() {
        #expect(isDemoted(Array(repeating: 9_000, count: 50)) == nil)
        #expect(isDemoted([3_000_000, 3_000_000] + Array(repeating: 9_000, count: 48) + [3_000_000]) == nil)
    }

    @Test func `nobody is watched without a cause`() {
        var watch = StageWatch()
        let (isWatching, demotes) = (watch.isWatching, watch.spent(nanoseconds: 9_000_000))
        #expect(!isWatching && !demotes)
    }

    @Test func `the echo reference falls back to the level, which has nothing to fall back to`() throws {
        var path = try InboundPath(modelFormat: .pcmu, pool: UplinkHistory.pool(calls: 1))
        let before = path.hearing
        let (first, second) = (path.demoteHearing(), path.demoteHearing())
        let after = path.hearing
        #expect(first && !second)
        #expect(before == .echoAware && after == .energy)
    }

    @Test func `a call counts each part and puts its ticks into buckets`() {
        let budget = CallBudget(call: "CA1", tenant: "t", shard: 0)
        budget.record(.hear, nanoseconds: 4_000)
        budget.record(.hear, nanoseconds: 8_000)
        budget.record(.inbound, nanoseconds: 10_000)
        budget.record(.outbound, nanoseconds: 10_001)
        budget.record(.outbound, nanoseconds: 30_000_000)
        // The shard's, not a call's.
        budget.record(.tick, nanoseconds: 1)
        #expect(budget.count(.hear) == 2 && budget.sumNanoseconds(.hear) == 12_000)
        #expect(budget.maximumNanoseconds(.hear) == 8_000 && budget.framesOver == 0)
        #expect(budget.ticks == [1, 1, 0, 0, 0, 0, 0, 1])
    }

    @Test(arguments: CallBudget.bounds.indices)
    func `a bound is the last of its bucket`(index: Int) {
        let budget = CallBudget(call: "CA1", tenant: "t", shard: 0)
        budget.record(.inbound, nanoseconds: CallBudget.bounds[index])
        budget.record(.inbound, nanoseconds: CallBudget.bounds[index] + 1)
        #expect(budget.ticks[index] == 1 && budget.ticks[index + 1] == 1)
    }

    @Test func `the admin listener shows a live call's budget, and metrics show the slack`() async throws {
        try await withService(RigPlan(.scripted(.init(speech: nil)), greets: false)) { rig in
            let (carrier, session) = try await rig.listeningCall()
            for frame in 0..<10 { carrier.media(CallerSound.quiet(frame), at: frame * 20) }
            try await eventually("10 frames at the model") { session.audio.count >= 1_600 }
            // Its own books take one period in sixteen: some of these frames fall into one.
            var report = try await rig.live()
            for frame in 10..<1_000 where report.callBudgets.first?.means["hear"] == nil {
                carrier.media(CallerSound.quiet(frame), at: frame * 20)
                report = try await rig.live()
            }
            let call = try #require(report.callBudgets.first { $0.call == carrier.call })
            #expect(call.means["hear"] ?? 0 > 0 && call.ticks.reduce(0, +) > 0)
            #expect(report.calls == 1 && report.hasSlack)
            #expect(report.parts.map(\.part) == FrameBudget.Part.allCases.map { "\($0)" })
            #expect(report.parts.first { $0.part == "hear" }?.count ?? 0 >= 10)
            #expect(report.tickCounts.reduce(0, +) > 0)
            #expect(
                try await rig.admin("/metrics").body.contains("media_bridge_tick_finish_seconds_count{shard=\"0\"}"))
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            try await eventually("the budget goes with its call") {
                rig.service.running?.core.budgets.withLock { $0.isEmpty } == true
            }
        }
    }
}
