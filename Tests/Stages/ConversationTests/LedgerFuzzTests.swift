@testable import Conversation
import Testing

/// The same bookkeeping done the slow way: every millisecond of audio is a line in a list, with the moment its play-out ends.
private struct SlowLedger {
    struct Millisecond {
        let item: PlayoutItem
        /// Padding takes time and is no one's audio.
        let isPadding: Bool
        var endsAt: Int64
        var isLost = false
        /// The buffer had run empty behind it.
        var wasDry = false

        func isUnheard(at now: Int64) -> Bool { endsAt > now && !wasDry }
    }

    var played: [Millisecond] = []
    var queue: [(item: PlayoutItem, milliseconds: Int)] = []
    var received = 0
    var discarded = 0
    private var proven = 0

    private var lineEnd: Int64 = 0

    mutating func queued(_ item: PlayoutItem, milliseconds: Int) {
        received += milliseconds
        queue.append((item, milliseconds))
    }

    /// One frame of 20 ms: of one item, its rest filled with silence.
    ///
    /// - Parameter way: what goes into an empty buffer plays this much later.
    /// - Returns: the item, and whether it was padded.
    mutating func send(at now: Int64, way: Int64) -> (item: PlayoutItem, isPadded: Bool)? {
        while let first = queue.first, first.milliseconds == 0 { queue.removeFirst() }
        guard let item = queue.first?.item else { return nil }
        if lineEnd < now {
            lineEnd = now + way
            for index in played.indices { played[index].wasDry = true }
        }
        for _ in 0..<20 {
            lineEnd += 1
            while let first = queue.first, first.item == item, first.milliseconds == 0 { queue.removeFirst() }
            let isOwn = queue.first?.item == item
            if isOwn { queue[0].milliseconds -= 1 }
            played.append(Millisecond(item: item, isPadding: !isOwn, endsAt: lineEnd))
        }
        return (item, played.last?.isPadding == true)
    }

    /// A mark came back that stands behind the first `milliseconds` of `item`.
    mutating func proved(_ item: PlayoutItem, milliseconds: Int, at now: Int64) {
        var left = milliseconds
        var position = 0
        for (index, entry) in played.enumerated() where entry.item == item && !entry.isPadding && left > 0 {
            left -= 1
            position = index + 1
        }
        guard position > proven else { return }
        proven = position
        for index in 0..<position where !played[index].isLost { played[index].endsAt = min(played[index].endsAt, now) }
        for index in position..<played.count {
            played[index].endsAt = now + Int64(index - position + 1)
            played[index].wasDry = false
        }
        lineEnd = now + Int64(played.count - position)
    }

    mutating func lose(at now: Int64, discarding: Bool) {
        for index in played.indices where played[index].isUnheard(at: now) && index >= proven {
            played[index].isLost = true
        }
        (proven, lineEnd) = (played.count, now)
        guard discarding else { return }
        discarded += queue.reduce(0) { $0 + $1.milliseconds }
        queue.removeAll()
    }

    func heard(at now: Int64) -> [PlayoutItem: Int] {
        var heard: [PlayoutItem: Int] = [:]
        for entry in played where !entry.isPadding && !entry.isLost && !entry.isUnheard(at: now) {
            heard[entry.item, default: 0] += 1
        }
        return heard
    }
    var sent: Int { played.count { !$0.isPadding } }
    func unheard(at now: Int64) -> Int {
        queue.reduce(0) { $0 + $1.milliseconds } + played.count { !$0.isLost && $0.isUnheard(at: now) }
    }
}

@Suite struct `Playout ledger at random` {
    /// What the test knows of one run.
    private struct Run: ~Copyable {
        var fast: PlayoutLedger
        var slow = SlowLedger()
        var now: Int64 = 0
        var item: PlayoutItem?
        var names = 0
        var marks: [PlaybackMark] = []
        var faults: [String] = []
        var heardBefore: [PlayoutItem: Int] = [:]
        var mayGoBack = false

        init(marks: Bool) { fast = PlayoutLedger(samplesPerSecond: 8_000, echoesMarks: marks) }
        var instant: CallInstant { CallInstant(milliseconds: now) }

        mutating func step(_ random: inout SeededGenerator) {
            mayGoBack = false
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<2:
                names += 1
                item = fast.item(response: "resp", wireItem: WireID("item_\(names)")!, at: instant)
            case 2..<6:
                guard let item, fast[item]?.isCut == false else { return }
                let milliseconds = Int.random(in: 1...90, using: &random)
                fast.queued(item, samples: milliseconds * 8)
                slow.queued(item, milliseconds: milliseconds)
            case 6..<15:
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let way = (fast.leastLag ?? 0) / 1_000_000
                    guard let (sent, isPadded) = slow.send(at: now, way: way) else { break }
                    fast.sent(sent, samples: 160, at: instant)
                    // Only the end of an item is padded: nothing more of it comes.
                    if isPadded, sent == item { item = nil }
                    let ended = slow.queue.first { $0.milliseconds > 0 }?.item != sent
                    if let mark = fast.dueMark(itemEnded: ended) { marks.append(mark) }
                }
            case 15..<17:
                guard let index = marks.indices.randomElement(using: &random) else { return }
                // In order or not, once or twice.
                let mark = Bool.random(using: &random) ? marks.remove(at: index) : marks[index]
                mayGoBack = true
                let isProof = fast.acknowledge(mark, at: instant)
                if isProof { slow.proved(mark.item, milliseconds: Int(mark.samples) / 8, at: now) }
                if isProof, mark.generation != fast.generation { faults.append("an old mark proved something") }
            case 17:
                fast.clear(at: instant)
                slow.lose(at: now, discarding: true)
            case 18:
                fast.streamReplaced(at: instant)
                slow.lose(at: now, discarding: false)
            default: fast.complete(response: "resp")
            }
        }

        mutating func compare() {
            func differ(_ what: String, _ fast: Int, _ slow: Int) {
                if fast != slow * 8 { faults.append("\(now) ms: \(what) \(fast), the slow way \(slow * 8)") }
            }
            differ("received", fast.received, slow.received)
            differ("sent", fast.sent, slow.sent)
            differ("discarded", fast.discarded, slow.discarded)
            differ("unheard", fast.unheard(at: instant), slow.unheard(at: now))
            if fast.received != fast.sent + fast.discarded + fast.queued { faults.append("R1 out of balance") }
            let slowHeard = slow.heard(at: now)
            for ordinal in fast.remembered ?? 1...1 {
                let item = PlayoutItem(ordinal: ordinal)
                guard let entry = fast[item] else { continue }
                let heard = fast.heard(item, at: instant)
                differ("heard of item \(ordinal)", heard, slowHeard[item] ?? 0)
                if heard > entry.sent { faults.append("R7 more heard than sent") }
                if entry.lost + heard > entry.sent { faults.append("heard what was lost") }
                if !mayGoBack, heard < heardBefore[item] ?? 0 {
                    faults.append("\(now) ms: heard of item \(ordinal) went back")
                }
                heardBefore[item] = heard
            }
        }
    }

    @Test(arguments: [true, false])
    func `R1 R7 what was heard is what counting every millisecond says`(marks: Bool) {
        for seed in 0..<30 {
            var random = SeededGenerator(state: UInt64(seed))
            var run = Run(marks: marks)
            for _ in 0..<150 {
                run.now += [0, 0, 1, 7, 20, 20, 60, 400].randomElement(using: &random)!
                run.step(&random)
                run.compare()
                if !run.faults.isEmpty { break }
            }
            let faults = run.faults
            #expect(faults == [], "seed \(seed)")
            if !faults.isEmpty { return }
        }
    }

    /// A carrier that plays in order, late by its own delay, and whose echoes take their time; the agent speaks in spurts.
    @Test func `R7 once a mark has come back, no more is taken for heard than the carrier has played`() {
        for seed in 0..<40 {
            var random = SeededGenerator(state: UInt64(seed) &+ 9_000)
            var ledger = PlayoutLedger(samplesPerSecond: 8_000, echoesMarks: true)
            let item = ledger.item(response: "resp", wireItem: "item", at: .start)
            ledger.queued(item, samples: 800_000)
            let delay = Int64.random(in: 0...25, using: &random) * 20
            let back = Int64.random(in: 1...5, using: &random) * 20
            var (echoes, playedAt): ([(at: Int64, mark: PlaybackMark)], [Int64]) = ([], [])
            var now: Int64 = 0
            for _ in 0..<5 {
                let frames = Int.random(in: 15...80, using: &random)
                for tick in 0..<(frames + 60) {
                    now += 20
                    let instant = CallInstant(milliseconds: now)
                    // The lead, then one each tick, then silence.
                    for _ in 0..<(tick == 0 ? 8 : tick < frames ? 1 : 0) {
                        ledger.sent(item, samples: 160, at: instant)
                        playedAt.append(max(playedAt.last ?? 0, now + delay) + 20)
                        if let mark = ledger.dueMark(itemEnded: false) { echoes.append((playedAt.last! + back, mark)) }
                    }
                    for echo in echoes where echo.at <= now { _ = ledger.acknowledge(echo.mark, at: instant) }
                    echoes.removeAll { $0.at <= now }
                    guard ledger.leastLag != nil else { continue }
                    let truth = playedAt.count { $0 <= now } * 160
                    let heard = ledger.heard(item, at: instant)
                    #expect(heard <= truth, "seed \(seed), \(now) ms")
                    #expect(truth - heard <= Int(delay + back + 20) * 8, "nor much less: seed \(seed), \(now) ms")
                }
            }
        }
    }

    @Test func `R7 a mark that comes back twice proves what it did the first time`() {
        var ledger = PlayoutLedger(samplesPerSecond: 8_000, echoesMarks: true)
        let item = ledger.item(response: "resp", wireItem: "item", at: .start)
        ledger.queued(item, samples: 8_000)
        for _ in 0..<20 { ledger.sent(item, samples: 160, at: .start) }
        let mark = PlaybackMark(generation: 1, item: item, samples: 1_600)
        for time in [210, 390] as [Int64] { _ = ledger.acknowledge(mark, at: CallInstant(milliseconds: time)) }
        #expect(ledger.heardMilliseconds(item, at: CallInstant(milliseconds: 390)) == 380)
    }
}
