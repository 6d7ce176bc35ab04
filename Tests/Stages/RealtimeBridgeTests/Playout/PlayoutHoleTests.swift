import AudioPipeline
import Conversation
import Testing

@testable import RealtimeBridge

/// Holes, as the pacer reports them, against a carrier whose buffer knows when it ran dry.
@Suite struct `Holes in playout` {
    /// What plays at the carrier, tick by tick.
    private struct Carrier {
        /// Frames waiting: the item of each.
        var buffer: [PlayoutItem] = []
        /// Item played in each tick; nil is silence.
        var played: [PlayoutItem?] = []

        mutating func play() { played.append(buffer.isEmpty ? nil : buffer.removeFirst()) }

        /// Ticks of silence between two frames of one item.
        func silentTicks(inside items: Set<PlayoutItem>) -> Int {
            var silent = 0
            for item in items {
                guard let first = played.firstIndex(of: item), let last = played.lastIndex(of: item) else { continue }
                silent += played[first...last].count { $0 == nil }
            }
            return silent
        }
    }

    /// Queue and pacer as the tick drives them, with a carrier behind.
    private struct Line: ~Copyable {
        var queue: PlayoutQueue
        var pacer: Pacer
        var carrier = Carrier()
        var holes: [PlayoutHole] = []
        var tick: Int64 = 0
        var ordinal: UInt32 = 1
        var hasRoom = true
        /// Ticks of a pause in which the carrier had nothing to play, inside an item.
        var pausedDry = 0
        private var isInside = false
        private var pausedInGap = 0

        init(batchMilliseconds: Int = 20) throws {
            queue = try openQueue(pool: PlayoutPool(chunkCount: 500), format: .mulaw8k)
            pacer = Pacer(leadMilliseconds: 160, batchMilliseconds: batchMilliseconds)
        }

        mutating func append(milliseconds: Int) {
            let audio = [UInt8](repeating: 1, count: milliseconds * 8)
            _ = queue.append(PlayoutItem(ordinal: ordinal), audio.span)
        }
        mutating func end() {
            queue.endItem(PlayoutItem(ordinal: ordinal))
            ordinal += 1
        }

        /// One tick of ours, unless we are `late`; the carrier plays in any case.
        mutating func step(late: Bool = false) {
            if !late { serve() }
            if pacer.isPaused, carrier.buffer.isEmpty, isInside { pausedInGap += 1 }
            carrier.play()
            tick += 1
        }

        private mutating func serve() {
            var due = pacer.framesDue(at: tick)
            if due > 0, !hasRoom { return pacer.noteBlocked(at: tick) }
            while due > 0 {
                var frame = [UInt8](repeating: 0, count: 160)
                var span = frame.mutableSpan
                let pop = queue.popFrame(into: &span)
                if let hole = pacer.note(pop, at: tick) { holes.append(hole) }
                switch pop {
                case .frame(let frame):
                    carrier.buffer.append(frame.item)
                    if !frame.isFirst { pausedDry += pausedInGap }
                    pausedInGap = 0
                    isInside = !frame.isLast
                    due -= 1
                case .ended:
                    isInside = false
                    continue
                case .empty:
                    isInside = false
                    return
                case .waiting: return
                }
            }
        }

        var heardMilliseconds: Int { holes.reduce(0) { $0 + $1.audibleMilliseconds } }
    }

    private func run(_ line: inout Line, _ ticks: Int, late: Bool = false) {
        for _ in 0..<ticks { line.step(late: late) }
    }

    @Test(arguments: [(5, 100, 0), (8, 160, 20), (20, 400, 260)])
    func `S06 a socket without room is the carrier's hole, as long as its buffer does not cover it`(
        ticks: Int, gap: Int, heard: Int
    ) throws {
        var line = try Line()
        line.append(milliseconds: 3_000)
        run(&line, 20)
        line.hasRoom = false
        run(&line, ticks)
        line.hasRoom = true
        run(&line, 200)
        let hole = PlayoutHole(cause: .carrier, milliseconds: gap, audibleMilliseconds: heard)
        #expect(line.holes == [hole])
        #expect(line.carrier.silentTicks(inside: [PlayoutItem(ordinal: 1)]) * 20 == heard)
    }

    @Test func `S05 a stall of ours between two looks at an empty queue is the model's hole`() throws {
        var line = try Line()
        line.append(milliseconds: 400)
        run(&line, 25)
        run(&line, 10, late: true)
        run(&line, 5)
        line.append(milliseconds: 400)
        run(&line, 40)
        #expect(line.holes.map(\.cause) == [.modelLate])
    }

    @Test func `S05 what nobody saw during a stall of ours is laid to us`() throws {
        var line = try Line()
        line.append(milliseconds: 400)
        run(&line, 15)
        run(&line, 20, late: true)
        line.append(milliseconds: 400)
        run(&line, 40)
        #expect(line.holes.map(\.cause) == [.ours])
    }

    @Test func `S29 the time of a pause is no hole, and what the model is late after it is one`() throws {
        var line = try Line()
        line.append(milliseconds: 400)
        run(&line, 10)
        line.pacer.pause()
        run(&line, 30)
        line.pacer.resume()
        run(&line, 40)  // Ten frames are left: all are sent by now, and the carrier has long been dry.
        line.append(milliseconds: 400)
        run(&line, 40)
        let silent = line.carrier.silentTicks(inside: [PlayoutItem(ordinal: 1)])
        #expect(line.holes.map(\.cause) == [.modelLate])
        #expect(line.heardMilliseconds == (silent - line.pausedDry) * 20)
        #expect(line.pausedDry > 0)
    }

    @Test func `S24 another stream begins with an empty buffer and gets its lead`() throws {
        var line = try Line()
        line.append(milliseconds: 3_000)
        run(&line, 20)
        line.carrier.buffer.removeAll()
        line.pacer.carrierReplaced()
        line.step()
        #expect(line.carrier.buffer.count == 7, "eight frames, one of them played")
        run(&line, 100)
        #expect(line.holes == [])
    }

    @Test(arguments: [20, 40, 100])
    func `S04 S05 S06 in random traffic the holes are the silence that the carrier's buffer had inside items`(
        batchMilliseconds: Int
    ) throws {
        var total = 0
        for seed in UInt64(0)..<30 {
            var random = SeededGenerator(seed: seed &* 977 &+ UInt64(batchMilliseconds))
            var line = try Line(batchMilliseconds: batchMilliseconds)
            for _ in 0..<300 {
                switch Int.random(in: 0..<24, using: &random) {
                case 0...6: line.append(milliseconds: Int.random(in: 20...300, using: &random) / 20 * 20)
                case 7, 8: line.end()
                case 9: line.pacer.pause()
                case 10, 11: line.pacer.resume()
                case 12: run(&line, Int.random(in: 1...30, using: &random), late: !line.pacer.isPaused)
                case 13: line.hasRoom.toggle()
                case 14: run(&line, Int.random(in: 1...30, using: &random))
                default: break
                }
                line.step()
            }
            (line.hasRoom, _) = (true, line.pacer.resume())
            line.append(milliseconds: 400)
            line.end()
            while line.queue.queuedBytes > 0 || !line.carrier.buffer.isEmpty { line.step() }
            let items = Set((1...line.ordinal).map { PlayoutItem(ordinal: $0) })
            let truth = (line.carrier.silentTicks(inside: items) - line.pausedDry) * 20
            #expect(abs(line.heardMilliseconds - truth) <= 20, "seed \(seed)")
            #expect(line.holes.allSatisfy { $0.milliseconds >= $0.audibleMilliseconds }, "seed \(seed)")
            total += truth
        }
        #expect(total > 5_000)
    }
}
