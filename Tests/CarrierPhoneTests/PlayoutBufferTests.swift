import Testing

@testable import CarrierPhone

@Suite struct `Carrier playout buffer` {
    @Test func `plays what was queued in order, at most a frame at a time, then silence`() {
        let line = Line()
        line.receive([1, 2, 3, 4, 5])
        #expect(line.play(3) == [1, 2, 3])
        line.receive([6])
        #expect(line.play(3) == [4, 5, 6])
        #expect(line.play(3) == [0xFF, 0xFF, 0xFF])
        #expect(line.buffer.playedBytes == 6 && line.buffer.receivedBytes == 6)
    }

    @Test func `a mark with nothing queued is echoed at once`() {
        let line = Line()
        #expect(line.mark("a"))
        line.receive([1, 2])
        _ = line.play(2)
        #expect(line.mark("b"))
        #expect(line.echoed.isEmpty)
    }

    @Test func `a mark is echoed when everything before it was played, not sooner`() {
        let line = Line()
        line.receive(Array(repeating: 1, count: 10))
        #expect(!line.mark("ten"))
        line.receive(Array(repeating: 2, count: 5))
        #expect(!line.mark("fifteen"))
        #expect(!line.mark("fifteen again"))
        _ = line.play(9)
        #expect(line.echoed.isEmpty)
        _ = line.play(1)
        #expect(line.echoed == ["ten"])
        _ = line.play(20)
        #expect(line.echoed == ["ten", "fifteen", "fifteen again"])
        #expect(line.buffer.outstandingMarks == 0)
    }

    @Test func `clear drops the queue and echoes every outstanding mark, and what follows plays`() {
        let line = Line()
        line.receive(Array(repeating: 1, count: 100))
        _ = line.mark("old 1")
        line.receive(Array(repeating: 1, count: 100))
        _ = line.mark("old 2")
        _ = line.play(50)
        #expect(line.clear() == ["old 1", "old 2"])
        #expect(line.buffer.clearedBytes == 150 && line.buffer.queuedBytes == 0)
        #expect(line.clear() == [])
        line.receive([7, 8, 9])
        #expect(!line.mark("new"))
        #expect(line.play(2) == [7, 8])
        #expect(line.echoed.isEmpty)
        #expect(line.play(2) == [9, 0xFF])
        #expect(line.echoed == ["new"])
    }

    @Test func `more than ten minutes is discarded and counted`() {
        let line = Line()
        let minute = [UInt8](repeating: 1, count: 60 * 8_000)
        for _ in 0..<10 { line.receive(minute) }
        #expect(line.buffer.overflowBytes == 0)
        line.receive([1, 2, 3])
        #expect(line.buffer.overflowBytes == 3 && line.buffer.queuedBytes == PlayoutBuffer.maximumBytes)
        _ = line.play(160)
        line.receive([1, 2, 3])
        #expect(line.buffer.overflowBytes == 3)
    }

    @Test func `loses no byte however it is filled and played`() {
        let line = Line()
        var played: [UInt8] = [], sent: [UInt8] = []
        var state: UInt64 = 5
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<2_000 {
            let bytes = (0..<random(400)).map { _ in UInt8(random(255)) }  // Never 0xFF, which stands for silence.
            line.receive(bytes)
            sent += bytes
            played += line.play(random(400)).filter { $0 != 0xFF }
        }
        played += line.play(line.buffer.queuedBytes)
        #expect(played == sent)
    }

    /// A buffer and what it echoed.
    private final class Line {
        var buffer = PlayoutBuffer()
        var echoed: [String] = []

        func receive(_ bytes: [UInt8]) { buffer.receive(bytes.span) }
        func clear() -> [String] { buffer.clear() }
        func mark(_ name: String) -> Bool { buffer.receive(mark: name) }
        func play(_ count: Int) -> [UInt8] {
            var frame = [UInt8](repeating: 0, count: count)
            var names: [String] = []
            var target = frame.mutableSpan
            _ = buffer.play(into: &target) { names.append($0) }
            echoed += names
            return frame
        }
    }
}
