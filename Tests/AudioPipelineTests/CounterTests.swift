@testable import AudioPipeline
import Testing

@Suite struct `Counters` {
    private enum Name: UInt8, CounterName { case framesIn, framesOut }

    @Test func `a block counts each name apart`() {
        let block = CounterBlock<Name>()
        block.add(.framesIn)
        block.add(.framesIn, 4)
        block.set(.framesOut, 9)
        #expect(block[.framesIn] == 5 && block[.framesOut] == 9)
    }

    @Test func `a stage's outcomes are counted apart`() {
        let counters = StageCounters(name: "decode")
        counters.record(.produced(samples: 160), nanoseconds: 300)
        counters.record(.produced(samples: 160), nanoseconds: 500)
        counters.record(.starved)
        counters.record(.dropped)
        #expect(counters.produced.value == 2 && counters.starved.value == 1 && counters.dropped.value == 1)
        #expect(counters.time.snapshot().count == 2 && counters.time.snapshot().maximumNanoseconds == 500)
    }

    @Test func `R1 a ledger that balances says zero, and says what is missing`() {
        var ledger = FrameLedger()
        ledger.receive(10)
        ledger.forward(6)
        ledger.drop(.overrun, 2)
        ledger.drop(.malformed)
        #expect(ledger.balance(queued: 1) == 0)
        #expect(ledger.balance(queued: 0) == 1)
        #expect(ledger.balance(queued: 3) == -2)
        #expect(ledger.dropped(.overrun) == 2 && ledger.dropped(.stale) == 0 && ledger.dropped == 3)
        #expect(DropReason.allCases.count <= 16)
    }
}

@Suite struct `Latency histogram` {
    @Test func `every value falls into a bucket that holds it, within 3.2 percent`() {
        var value: UInt64 = 0
        while value < 200_000_000_000 {
            let bucket = LatencyHistogram.bucket(of: value)
            #expect(bucket >= 0 && bucket < LatencyHistogram.bucketCount)
            if value < 1 << 37 {
                let upper = LatencyHistogram.upperBound(of: bucket)
                #expect(upper >= value && Double(upper) <= Double(value) * 1.032 + 0.5)
                if bucket > 0 { #expect(LatencyHistogram.upperBound(of: bucket - 1) < value) }
            }
            value += max(1, value / 997)
        }
    }

    @Test func `percentiles are those of a sorted list, and nothing exceeds the maximum`() {
        let histogram = LatencyHistogram()
        #expect(histogram.snapshot().percentile(0.99) == 0)
        for value in 1...10_000 as ClosedRange<UInt64> { histogram.record(nanoseconds: value * 1_000) }
        let snapshot = histogram.snapshot()
        for (share, exact) in [(0.5, 5_000_000.0), (0.99, 9_900_000), (0.999, 9_990_000)] {
            let found = Double(snapshot.percentile(share))
            #expect(found >= exact && found <= exact * 1.032)
        }
        #expect(snapshot.percentile(1) == 10_000_000 && snapshot.maximumNanoseconds == 10_000_000)
        #expect(snapshot.sumNanoseconds == 50_005_000_000 && snapshot.count == 10_000)
        #expect(snapshot.count(upTo: 10_500_000) == 10_000 && snapshot.count(upTo: 0) == 0)
    }

    @Test func `what is too long keeps its true maximum`() {
        let histogram = LatencyHistogram()
        histogram.record(nanoseconds: 500_000_000_000)
        histogram.record(nanoseconds: .max)
        #expect(histogram.snapshot().maximumNanoseconds == .max)
        #expect(histogram.snapshot().count(upTo: 200_000_000_000) == 0)
    }

    @Test func `shards add up and intervals subtract`() {
        let left = LatencyHistogram(), right = LatencyHistogram()
        left.record(nanoseconds: 100)
        let before = left.snapshot()
        left.record(nanoseconds: 200)
        right.record(nanoseconds: 300)
        #expect(left.snapshot().since(before).count == 1 && left.snapshot().since(before).sumNanoseconds == 200)
        var merged = HistogramSnapshot()
        merged.merge(left.snapshot())
        merged.merge(right.snapshot())
        #expect(merged.count == 3 && merged.sumNanoseconds == 600 && merged.maximumNanoseconds == 300)
    }
}
