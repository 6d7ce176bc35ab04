import AudioPipeline
import Conversation
import Testing

@testable import RealtimeBridge

@Suite struct `Playout pacer` {
    /// A call's outbound half: queue and pacer as the tick drives them.
    private struct Line: ~Copyable {
        var queue: PlayoutQueue
        var pacer: Pacer
        /// Frames sent per tick.
        var sent: [Int64: Int] = [:]
        var bytes: [UInt8] = []
        var holes: [PlayoutHole] = []

        init(leadMilliseconds: Int = 160, batchMilliseconds: Int = 20) throws {
            let pool = PlayoutPool(chunkCount: 2_000)
            queue = try openQueue(pool: pool, format: .mulaw8k)
            pacer = Pacer(leadMilliseconds: leadMilliseconds, batchMilliseconds: batchMilliseconds)
        }

        mutating func append(_ ordinal: UInt32, milliseconds: Int, ends: Bool = false) {
            let start = bytes.count + queue.queuedBytes
            let audio = (start..<start + milliseconds * 8).map { UInt8($0 % 251) }
            _ = queue.append(PlayoutItem(ordinal: ordinal), audio.span)
            if ends { queue.endItem(PlayoutItem(ordinal: ordinal)) }
        }

        mutating func tick(_ tick: Int64) {
            var due = pacer.framesDue(at: tick)
            while due > 0 {
                var frame = [UInt8](repeating: 0, count: 160)
                var span = frame.mutableSpan
                let pop = queue.popFrame(into: &span)
                if let hole = pacer.note(pop, at: tick) { holes.append(hole) }
                switch pop {
                case .frame:
                    sent[tick, default: 0] += 1
                    bytes += frame
                    due -= 1
                case .ended: continue
                case .waiting, .empty: return
                }
            }
        }

        mutating func ticks(_ range: Range<Int64>) { for tick in range { self.tick(tick) } }

        func sentFrames(_ range: Range<Int64>) -> [Int] { range.map { sent[$0] ?? 0 } }
    }

    @Test func `S01 thirty seconds delivered at once go out as a lead and then one frame per tick`() throws {
        var line = try Line()
        line.append(1, milliseconds: 30_000, ends: true)
        line.ticks(0..<1_600)
        #expect(line.sentFrames(0..<1_493) == [8] + [Int](repeating: 1, count: 1_492))
        #expect(line.sentFrames(1_493..<1_600) == [Int](repeating: 0, count: 107))
        #expect(line.bytes == (0..<240_000).map { UInt8($0 % 251) })
        #expect(line.holes == [])
    }

    @Test(arguments: [(60, 3, 0), (200, 10, 60), (800, 40, 660), (3_000, 150, 2_860)])
    func `S04 a pause of the model is a hole with its cause and length, and the lead is rebuilt after it`(
        milliseconds: Int, ticks: Int, audibleMilliseconds: Int
    ) throws {
        var line = try Line()
        line.append(1, milliseconds: 400)
        // Twenty frames: eight at once, the last one at tick 12. Nothing at the ticks 13 ... 12 + pause.
        line.ticks(0..<Int64(13 + ticks))
        #expect(line.sentFrames(13..<Int64(13 + ticks)) == [Int](repeating: 0, count: ticks))
        line.append(1, milliseconds: 1_000, ends: true)
        let resumed = Int64(13 + ticks)
        line.ticks(resumed..<resumed + 100)
        // Seven frames were still in the carrier's buffer when the first one was missing.
        let hole = PlayoutHole(
            cause: .modelLate, milliseconds: milliseconds, audibleMilliseconds: audibleMilliseconds)
        #expect(line.holes == [hole])
        // What the carrier had used up, and no more than the lead, goes out at once.
        #expect(line.sent[resumed] == min(ticks + 1, 8))
        #expect(line.sentFrames(resumed + 1..<resumed + 20) == [Int](repeating: 1, count: 19))
        #expect(line.bytes == (0..<11_200).map { UInt8($0 % 251) })
    }

    @Test func `S04 silence between two items is no hole`() throws {
        var line = try Line()
        line.append(1, milliseconds: 400, ends: true)
        line.ticks(0..<60)
        line.append(2, milliseconds: 400, ends: true)
        line.ticks(60..<120)
        #expect(line.holes == [])
        #expect(line.sent[60] == 8)
    }

    @Test func `a second item right behind the first adds to the lead, not to twice the lead`() throws {
        var line = try Line()
        line.append(1, milliseconds: 200, ends: true)
        line.ticks(0..<5)  // All ten frames are out; the carrier has five left.
        line.append(2, milliseconds: 1_000, ends: true)
        line.ticks(5..<60)
        #expect(line.sent[5] == 3)
        #expect(line.pacer.bufferedMilliseconds(at: 59) <= 160)
    }

    @Test(arguments: [(5, 0), (30, 1), (200, 9)])
    func `S05 after a stall of ours the schedule goes on, with no burst beyond the lead`(
        milliseconds: Int, lateTicks: Int64
    ) throws {
        var line = try Line()
        line.append(1, milliseconds: 10_000, ends: true)
        line.ticks(0..<50)
        let next = 50 + lateTicks
        line.ticks(next..<next + 100)
        #expect(line.pacer.lateTicks == lateTicks)
        #expect(line.sent[next] == min(Int(lateTicks) + 1, 8))
        #expect(line.sentFrames(next + 1..<next + 50) == [Int](repeating: 1, count: 49))
        let ours = line.holes.filter { $0.cause == .ours }
        #expect(line.holes == ours)
        #expect(ours.count == (lateTicks > 1 ? 1 : 0))
        if milliseconds == 200 {
            #expect(ours.first == PlayoutHole(cause: .ours, milliseconds: 180, audibleMilliseconds: 40))
        }
        #expect(line.bytes == (0..<line.bytes.count).map { UInt8($0 % 251) })
    }

    @Test func `S07 audio that was there before the stream has its id goes out whole`() throws {
        var line = try Line()
        line.append(1, milliseconds: 3_000, ends: true)
        // No tick was run before the stream started: the first one may be any.
        line.ticks(417..<600)
        #expect(line.sent[417] == 8)
        #expect(line.bytes == (0..<24_000).map { UInt8($0 % 251) })
        #expect(line.holes == [])
        #expect(line.pacer.lateTicks == 0)
    }

    @Test func `S29 a pause holds every sample, and the next one after it is the next sample`() throws {
        var line = try Line()
        line.append(1, milliseconds: 2_000, ends: true)
        line.ticks(0..<20)
        let before = line.bytes.count
        line.pacer.pause()
        line.ticks(20..<32)
        #expect(line.bytes.count == before)
        line.pacer.resume()
        line.ticks(32..<150)
        #expect(line.sent[32] == 8)
        #expect(line.bytes == (0..<16_000).map { UInt8($0 % 251) })
        // The pause was ours to make: neither the model nor a late tick is to blame.
        #expect(line.holes == [])
        #expect(line.pacer.lateTicks == 0)
    }

    @Test func `after a clear the next item builds its lead from nothing, and a pause has ended`() throws {
        var line = try Line()
        line.append(1, milliseconds: 2_000, ends: true)
        line.ticks(0..<10)
        line.pacer.pause()
        line.queue.clear()
        line.pacer.clear()
        #expect(line.pacer.bufferedMilliseconds(at: 10) == 0)
        line.append(2, milliseconds: 2_000, ends: true)
        line.ticks(10..<20)
        #expect(line.sentFrames(10..<20) == [8] + [Int](repeating: 1, count: 9))
    }

    @Test func `a model that delivers in real time makes no holes of single ticks`() throws {
        var line = try Line()
        for tick in Int64(0)..<100 {
            if tick.isMultiple(of: 2) { line.append(1, milliseconds: 40) }
            line.tick(tick)
        }
        #expect(line.holes == [])
        #expect(line.bytes.count == 100 * 160)
    }

    @Test(arguments: [(40, 2), (60, 3), (100, 5)])
    func `a batch goes out together and the rest of an item is not held back`(milliseconds: Int, frames: Int) throws {
        var line = try Line(batchMilliseconds: milliseconds)
        line.append(1, milliseconds: 1_020, ends: true)
        line.ticks(0..<80)
        let counts = Set(line.sent.values)
        #expect(line.bytes.count == 1_020 * 8)
        #expect(counts.isSubset(of: [frames, 8 / frames * frames, 51 % frames]))
        for tick in Int64(0)..<80 { #expect(line.sent[tick] ?? 0 <= 8) }
    }

    @Test func `nothing is ever more than the lead ahead, in random traffic`() throws {
        for seed in UInt64(0)..<30 {
            var generator = SeededGenerator(seed: seed)
            var line = try Line()
            var ordinal: UInt32 = 1
            var tick: Int64 = 0
            for _ in 0..<400 {
                switch Int.random(in: 0..<20, using: &generator) {
                case 0...5: line.append(ordinal, milliseconds: Int.random(in: 1...300, using: &generator))
                case 6:
                    line.queue.endItem(PlayoutItem(ordinal: ordinal))
                    ordinal += 1
                case 7: line.pacer.pause()
                case 8, 9: line.pacer.resume()
                case 10: tick += Int64.random(in: 0...20, using: &generator)
                default: break
                }
                line.tick(tick)
                #expect(line.pacer.bufferedMilliseconds(at: tick) <= 160)
                tick += 1
            }
        }
    }

    @Test func `pacing allocates nothing`() {
        var pacer = Pacer()
        let frame = PlayoutPop.frame(
            PlayoutFrame(item: PlayoutItem(ordinal: 1), audioBytes: 160, isFirst: false, isLast: false))
        var tick: Int64 = 0
        let count = allocations {
            for _ in 0..<500 {
                tick += 1
                var due = pacer.framesDue(at: tick)
                while due > 0 {
                    _ = pacer.note(frame, at: tick)
                    due -= 1
                }
            }
        }
        #expect(count ?? 0 == 0)
    }
}
