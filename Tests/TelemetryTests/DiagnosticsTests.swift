import AudioPipeline
import Logging
import Testing

@testable import Telemetry

private let second: UInt64 = 1_000_000_000

@Suite struct `Diagnostics of a shard` {
    @Test func `R17 tells the first of a kind at once and then one line per interval with the count`() {
        let lines = Lines()
        let diagnostics = Diagnostics(logger: lines.logger(), intervalMilliseconds: 10_000) { "CA\($0)" }
        var ring = DiagnosticRing(capacity: 1_024)
        var writer = ring.writer
        diagnostics.drain(ring.reader)
        ring = DiagnosticRing(capacity: 1)

        var told: [Int: Int] = [:]
        for now in 0..<35 {
            for part in 0..<20 {
                writer.push(
                    .init(.lateTick, call: 7, at: UInt64(now) * second + UInt64(part), value: Int64(now * 1_000 + part))
                )
            }
            let before = lines.all.count
            diagnostics.poll(now: UInt64(now) * second + second / 2)
            if lines.all.count > before { told[now] = lines.all.count - before }
        }
        #expect(told == [0: 1, 10: 1, 20: 1, 30: 1])
        #expect(lines.all[0].contains("warning late tick call=CA7 count=1 worst_ns=0"))
        #expect(lines.all[1].contains("count=199 worst_ns=9019"))
        #expect(diagnostics.total(.lateTick) == 700)
    }

    @Test func `frames over budget are kept one by one, the oldest go first`() {
        let diagnostics = Diagnostics(logger: Lines().logger())
        diagnostics.report(.init(.lateTick, at: 1))
        for call in 1...UInt64(Diagnostics.keptRecords + 2) {
            diagnostics.report(.init(.slowHear, call: call, at: call))
        }
        #expect(diagnostics.recent.count == Diagnostics.keptRecords)
        #expect(diagnostics.recent.first?.call == 3 && diagnostics.recent.allSatisfy { $0.kind == .slowHear })
    }

    @Test func `a kind that was quiet for an interval starts over`() {
        let lines = Lines()
        let diagnostics = Diagnostics(logger: lines.logger(), intervalMilliseconds: 10_000)
        diagnostics.report(.init(.modelLost, at: 0))
        diagnostics.poll(now: 11 * second)
        diagnostics.report(.init(.modelLost, at: 12 * second))
        diagnostics.poll(now: 13 * second)
        #expect(lines.all.count == 2)
        #expect(lines.all.allSatisfy { $0.contains("model connection lost count=1") })
    }

    @Test func `kinds do not silence each other, and what is no call's names none`() {
        let lines = Lines()
        let diagnostics = Diagnostics(logger: lines.logger())
        for kind in DiagnosticKind.allCases { diagnostics.report(.init(kind, at: 5)) }
        #expect(lines.all.count == DiagnosticKind.allCases.count)
        #expect(lines.all.allSatisfy { !$0.contains("call=") })
        #expect(Set(DiagnosticKind.allCases.map(\.message)).count == DiagnosticKind.allCases.count)
    }

    @Test func `what found its ring full is counted, and a poll takes no more than was there`() {
        let lines = Lines()
        let diagnostics = Diagnostics(logger: lines.logger())
        let ring = DiagnosticRing(capacity: 4)
        var writer = ring.writer
        diagnostics.drain(ring.reader)
        for number in 0..<10 { writer.push(.init(.framesDropped, at: 1, value: Int64(number))) }
        diagnostics.poll(now: 2)
        #expect(diagnostics.total(.framesDropped) == 4 && diagnostics.lostCount == 6)
    }
}
