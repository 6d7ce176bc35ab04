import AudioPipeline
import Conversation
import Testing

@testable import RealtimeBridge

struct PoolIsTaken: Error {}

/// A queue that the test cannot do without; `#require` does not take noncopyable values.
func openQueue(
    pool: PlayoutPool, format: AudioFormat, quotaMilliseconds: Int = 240_000, reserveMilliseconds: Int = 4_000
) throws -> PlayoutQueue {
    guard
        let queue = PlayoutQueue(
            pool: pool, format: format, quotaMilliseconds: quotaMilliseconds, reserveMilliseconds: reserveMilliseconds)
    else { throw PoolIsTaken() }
    return queue
}

@Suite struct `Playout queue` {
    /// All frames that can be had now, as (item, bytes, audio bytes, isLast).
    private struct Popped: Equatable {
        var item: UInt32
        var bytes: [UInt8]
        var audioBytes: Int
        var isFirst: Bool
        var isLast: Bool
    }

    private func drain(_ queue: inout PlayoutQueue, limit: Int = .max) -> [Popped] {
        var frames: [Popped] = []
        while frames.count < limit {
            var bytes = [UInt8](repeating: 0xEE, count: queue.format.bytesPerFrame)
            var span = bytes.mutableSpan
            let pop = queue.popFrame(into: &span)
            switch pop {
            case .frame(let frame):
                frames.append(
                    Popped(
                        item: frame.item.ordinal, bytes: bytes, audioBytes: frame.audioBytes, isFirst: frame.isFirst,
                        isLast: frame.isLast))
            case .ended: continue
            case .waiting, .empty: return frames
            }
        }
        return frames
    }

    private func item(_ ordinal: UInt32) -> PlayoutItem { PlayoutItem(ordinal: ordinal) }

    private func speech(_ count: Int, from start: Int = 0) -> [UInt8] {
        (start..<start + count).map { UInt8(truncatingIfNeeded: $0 % 251) }
    }

    private func balance(_ queue: borrowing PlayoutQueue) -> Bool {
        let counts = queue.counts
        return counts.received == counts.played + counts.cleared + Int64(queue.queuedBytes)
    }

    @Test(arguments: [AudioFormat.mulaw8k, .alaw8k, .linear8k, .linear16k, .linear24k])
    func `S02 S09 deltas of any size give whole frames of one item, the rest filled with the format's silence`(
        format: AudioFormat
    ) throws {
        let pool = PlayoutPool(chunkCount: 500)
        var queue = try openQueue(pool: pool, format: format)
        let frameBytes = format.bytesPerFrame
        var expected: [(item: UInt32, bytes: [UInt8])] = []
        for ordinal: UInt32 in 1...3 {
            var whole: [UInt8] = []
            for size in [1, 159, 161, 799, 4_801] {
                let delta = speech(size, from: whole.count + Int(ordinal))
                whole += delta
                #expect(queue.append(item(ordinal), delta.span) == PlayoutAppend(acceptedBytes: size, isFull: false))
            }
            queue.endItem(item(ordinal))
            while !whole.count.isMultiple(of: frameBytes) { whole.append(format.silenceByte) }
            for start in stride(from: 0, to: whole.count, by: frameBytes) {
                expected.append((ordinal, Array(whole[start..<start + frameBytes])))
            }
        }
        let frames = drain(&queue)
        #expect(frames.count == expected.count)
        for (frame, want) in zip(frames, expected) {
            #expect(frame.item == want.item)
            #expect(frame.bytes == want.bytes)
        }
        #expect(frames.filter(\.isLast).count == 3)
        #expect(frames.filter(\.isFirst).count == 3)
        #expect(queue.counts.padded == Int64(expected.count * frameBytes - 3 * 5_921))
        #expect(queue.next == .empty)
        #expect(balance(queue) == true)
        #expect(pool.freeChunks == pool.chunkCount)
    }

    @Test func `S02 a rest waits until its item has ended`() throws {
        var queue = try openQueue(pool: PlayoutPool(chunkCount: 100), format: .mulaw8k)
        _ = queue.append(item(1), speech(200).span)
        #expect(drain(&queue).count == 1)
        #expect(queue.next == .waiting(item(1)))
        _ = queue.append(item(1), speech(119, from: 200).span)
        #expect(drain(&queue).count == 0)
        _ = queue.append(item(1), speech(1, from: 319).span)
        #expect(drain(&queue).map(\.bytes) == [speech(160, from: 160)])
        queue.endItem(item(1))
        #expect(queue.next == .ended(item(1)))
        #expect(drain(&queue).count == 0)
        #expect(queue.next == .empty)
    }

    @Test func `S02 a new item ends the one before it and is never glued to it`() throws {
        var queue = try openQueue(pool: PlayoutPool(chunkCount: 100), format: .mulaw8k)
        _ = queue.append(item(1), speech(10).span)
        _ = queue.append(item(2), speech(10, from: 50).span)
        queue.endItem(item(2))
        let frames = drain(&queue)
        let silence = [UInt8](repeating: 0xFF, count: 150)
        #expect(frames.map(\.bytes) == [speech(10) + silence, speech(10, from: 50) + silence])
        #expect(frames.map(\.isLast) == [true, true])
    }

    @Test func `S08 audio of an item that was overtaken is refused and counted`() throws {
        var queue = try openQueue(pool: PlayoutPool(chunkCount: 100), format: .mulaw8k)
        _ = queue.append(item(1), speech(160).span)
        _ = queue.append(item(2), speech(160).span)
        #expect(queue.append(item(1), speech(160).span).acceptedBytes == 0)
        #expect(queue.counts.refused == 160)
        #expect(drain(&queue).map(\.item) == [1, 2])
    }

    @Test func `R6 nothing of a cleared item comes back, and the next one is whole`() throws {
        let pool = PlayoutPool(chunkCount: 100)
        var queue = try openQueue(pool: pool, format: .mulaw8k)
        _ = queue.append(item(1), speech(1_000).span)
        queue.endItem(item(1))
        _ = queue.append(item(2), speech(2_000).span)
        #expect(drain(&queue, limit: 3).count == 3)
        var dropped: [String] = []
        #expect(queue.clear { dropped.append("\($0.ordinal):\($1)") } == 2_520)
        #expect(dropped == ["1:520", "2:2000"])
        #expect(queue.append(item(2), speech(160).span).acceptedBytes == 0)
        #expect(queue.append(item(1), speech(160).span).acceptedBytes == 0)
        #expect(pool.freeChunks == pool.chunkCount)
        _ = queue.append(item(3), speech(320).span)
        queue.endItem(item(3))
        #expect(drain(&queue).map(\.bytes) == [speech(160), speech(160, from: 160)])
        #expect(queue.counts.cleared == 2_520)
        #expect(balance(queue) == true)
    }

    @Test func `an item may go on after all of it has been sent, and ends when told`() throws {
        var queue = try openQueue(pool: PlayoutPool(chunkCount: 100), format: .mulaw8k)
        _ = queue.append(item(1), speech(160).span)
        #expect(drain(&queue).map(\.isLast) == [false])
        queue.endItem(item(1))
        #expect(drain(&queue).count == 0)
        _ = queue.append(item(1), speech(10).span)
        let late = drain(&queue)
        #expect(late.map(\.audioBytes) == [10])
        #expect(late.map(\.isFirst) == [false])
        #expect(late.map(\.isLast) == [true])
    }

    @Test func `S03 a full quota asks for less, drops nothing and lets go again`() throws {
        let pool = PlayoutPool(chunkCount: 1_000)
        var queue = try openQueue(pool: pool, format: .mulaw8k, quotaMilliseconds: 8_000, reserveMilliseconds: 1_000)
        var sent: [UInt8] = []
        var isFull = false
        for index in 0..<100 {
            let delta = speech(1_600, from: index * 1_600)
            sent += delta
            let result = queue.append(item(1), delta.span)
            #expect(result.acceptedBytes == 1_600)
            #expect(result.isFull == (sent.count >= 64_000))
            isFull = result.isFull
        }
        #expect(isFull)
        #expect(queue.isFull == true)
        #expect(queue.counts.fullTimes == 1)
        var played: [UInt8] = []
        while let frame = drain(&queue, limit: 1).first {
            played += frame.bytes
            #expect(queue.isFull == (queue.queuedBytes > 56_000))
        }
        #expect(played == sent)
        #expect(balance(queue) == true)
    }

    @Test func `S03 a greedy neighbour takes nobody's reserve, and loses nothing either`() throws {
        let pool = PlayoutPool(chunkCount: 100)
        var greedy = try openQueue(pool: pool, format: .mulaw8k, reserveMilliseconds: 2_000)
        var modest = try openQueue(pool: pool, format: .mulaw8k, reserveMilliseconds: 2_000)
        var sent: [UInt8] = []
        var firstFull = 0
        for index in 0..<200 {
            let delta = speech(1_600, from: index)
            sent += delta
            let result = greedy.append(item(1), delta.span)
            #expect(result.acceptedBytes == 1_600)
            if result.isFull, firstFull == 0 { firstFull = index + 1 }
        }
        // The shared part is 100 - 11 chunks; an eighth of the pool is kept for what is on its way.
        #expect(firstFull == 77)
        #expect(greedy.counts.overflowed > 0)
        #expect(pool.spareChunks == 0)
        #expect(throws: PoolIsTaken.self) {
            _ = try openQueue(pool: pool, format: .mulaw8k, reserveMilliseconds: 2_000)
        }

        // The other call's two seconds are there, and it is not told to slow down.
        let own = speech(16_000)
        #expect(modest.append(item(1), own.span) == PlayoutAppend(acceptedBytes: 16_000, isFull: false))
        #expect(modest.counts.overflowed == 0)
        modest.endItem(item(1))
        #expect(drain(&modest).flatMap(\.bytes) == own)

        greedy.endItem(item(1))
        #expect(drain(&greedy).flatMap(\.bytes) == sent)
        #expect(greedy.isFull == false)
        #expect(pool.freeChunks == 100)
        #expect(balance(greedy) == true)
    }

    @Test func `a call that ends gives back its chunks and its reserve`() throws {
        let pool = PlayoutPool(chunkCount: 50)
        for round in 0..<20 {
            do {
                var queue = try openQueue(pool: pool, format: .mulaw8k, reserveMilliseconds: 2_000)
                _ = queue.append(item(1), speech(round * 3_000).span)
            }
            #expect(pool.freeChunks == 50)
            #expect(pool.promisedChunks == 0)
        }
    }

    @Test func `beyond the overflow it refuses instead of growing`() throws {
        let pool = PlayoutPool(chunkCount: 30)
        var queue = try openQueue(pool: pool, format: .mulaw8k, reserveMilliseconds: 1_000)
        let delta = speech(1_000_000)
        var accepted = 0
        for _ in 0..<10 { accepted += queue.append(item(1), delta.span).acceptedBytes }
        #expect(accepted == 4_000_000)
        #expect(queue.counts.refused == 6_000_000)
        #expect(balance(queue) == true)
        _ = queue.clear()
        #expect(balance(queue) == true)
        #expect(queue.isFull == false)
    }

    @Test func `R1 R2 the books balance whatever happens, in 60 random calls`() throws {
        for seed in 0..<60 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let pool = PlayoutPool(chunkCount: 40, chunkBytes: 333)
            var queue = try openQueue(pool: pool, format: .mulaw8k, quotaMilliseconds: 500, reserveMilliseconds: 100)
            var ordinal: UInt32 = 1
            // What must come out: per item its bytes, in order.
            var model: [UInt32: [UInt8]] = [:]
            var heard: [UInt32: [UInt8]] = [:]
            var order: [UInt32] = []
            for _ in 0..<150 {
                switch Int.random(in: 0..<10, using: &generator) {
                case 0...3:
                    let delta = (0..<Int.random(in: 0...2_000, using: &generator)).map { _ in
                        UInt8.random(in: 0...0xFE, using: &generator)
                    }
                    let taken = queue.append(item(ordinal), delta.span).acceptedBytes
                    #expect(taken == delta.count)
                    model[ordinal, default: []] += delta
                case 4...7:
                    for frame in drain(&queue, limit: Int.random(in: 1...8, using: &generator)) {
                        heard[frame.item, default: []] += frame.bytes[0..<frame.audioBytes]
                        #expect(frame.bytes[frame.audioBytes...].allSatisfy { $0 == 0xFF })
                        if order.last != frame.item { order.append(frame.item) }
                    }
                case 8:
                    queue.endItem(item(ordinal))
                    ordinal += 1
                default:
                    guard Int.random(in: 0..<4, using: &generator) == 0 else { continue }
                    _ = queue.clear { model[$0.ordinal]?.removeLast($1) }
                    ordinal += 1
                }
                #expect(balance(queue) == true)
                #expect(pool.freeChunks >= pool.promisedChunks)
            }
            queue.endItem(item(ordinal))
            for frame in drain(&queue) {
                heard[frame.item, default: []] += frame.bytes[0..<frame.audioBytes]
                if order.last != frame.item { order.append(frame.item) }
            }
            #expect(heard == model.filter { !$0.value.isEmpty })
            #expect(order == order.sorted())
            #expect(queue.queuedBytes == 0)
            #expect(pool.freeChunks == pool.chunkCount)
        }
    }

    @Test func `queueing, taking and clearing allocate nothing`() throws {
        let pool = PlayoutPool(chunkCount: 200)
        var queue = try openQueue(pool: pool, format: .mulaw8k)
        let delta = speech(4_801)
        var frame = [UInt8](repeating: 0, count: 160)
        var ordinal: UInt32 = 0
        var frames = 0
        let count = allocations {
            for _ in 0..<50 {
                ordinal += 1
                _ = queue.append(PlayoutItem(ordinal: ordinal), delta.span)
                _ = queue.append(PlayoutItem(ordinal: ordinal), delta.span)
                queue.endItem(PlayoutItem(ordinal: ordinal))
                var span = frame.mutableSpan
                for _ in 0..<40 { if case .frame = queue.popFrame(into: &span) { frames += 1 } }
                if ordinal.isMultiple(of: 7) { _ = queue.clear() }
            }
        }
        #expect(frames == 4_000)
        #expect(count ?? 0 == 0)
    }
}
