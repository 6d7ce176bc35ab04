import AudioPipeline
import CallControl
import Configuration
import Testing

@testable import MediaBridge

@Suite struct `Slack of the shards` {
    private func second(ticks: UInt64 = 1_000, finish: UInt64 = 200_000, core: Int = 400) -> SlackJudge.Second {
        .init(ticks: ticks, finishNanoseconds: finish, coreThousandths: core)
    }

    private func verdicts(_ seconds: [[SlackJudge.Second]]) -> [Bool] {
        var judge = SlackJudge()
        return seconds.map {
            judge.judge($0)
            return judge.isOpen
        }
    }

    @Test func `a core over 85 % closes the door at once, and three roomy seconds open it`() {
        let (roomy, full) = ([second()], [second(core: 851)])
        #expect(verdicts([roomy, full, roomy, roomy, roomy, roomy]) == [true, false, false, false, true, true])
    }

    @Test func `between the two bounds the door stays as it is`() {
        let (roomy, full, between) = ([second()], [second(core: 900)], [second(core: 800)])
        #expect(
            verdicts([between, full, between, roomy, roomy, between]) == [true, false, false, false, false, false])
    }

    @Test func `one late second is a stall of the host, two are want of slack`() {
        let (roomy, late) = ([second()], [second(finish: 5_000_001)])
        #expect(verdicts([late, roomy, late, late]) == [true, true, true, false])
    }

    @Test func `one full shard among several is enough`() {
        #expect(verdicts([[second(), second(core: 990)]]) == [false])
    }

    @Test func `a second of few ticks says nothing`() {
        let quiet = [second(ticks: 199, finish: 19_000_000, core: 1_000)]
        #expect(verdicts([quiet, quiet, quiet]) == [true, true, true])
    }

    @Test func `late ticks of a shard have new calls refused, and in time let in again`() throws {
        let load = ShardLoad()
        let admission = Admission(limits: LimitConfiguration(), tenants: [])
        let watch = SlackWatch([load], admission: admission, isRefusing: true)
        func pass(finish: UInt64) -> Bool? {
            for _ in 0..<300 { load.finish.record(nanoseconds: finish) }
            return watch.look()
        }
        #expect(pass(finish: 8_000_000) == nil)
        #expect(pass(finish: 8_000_000) == false)
        #expect(throws: AdmissionRefusal.noSlack) { _ = try admission.admitUnidentified() }
        #expect(watch.closings == 1)
        #expect([pass(finish: 100_000), pass(finish: 100_000), pass(finish: 100_000)] == [nil, nil, true])
        _ = try admission.admitUnidentified()
    }

    @Test func `without refusing, slack is measured and nobody is turned away`() throws {
        let load = ShardLoad()
        let admission = Admission(limits: LimitConfiguration(), tenants: [])
        let watch = SlackWatch([load], admission: admission, isRefusing: false)
        for _ in 0..<3 {
            for _ in 0..<300 { load.finish.record(nanoseconds: 9_000_000) }
            #expect(watch.look() == nil)
        }
        #expect(watch.seconds[0].finishNanoseconds >= 9_000_000)
        _ = try admission.admitUnidentified()
    }
}
