import Recording
import Testing

@Suite struct `Stereo timeline` {
    @Test func `caller left and agent right, each at its place`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 100, horizonSamples: 200)
        timeline.addCaller(at: 0, [Int16](repeating: 1, count: 50).span)
        timeline.scheduleAgent(at: 20, [Int16](repeating: 2, count: 10).span)
        timeline.addCaller(at: 50, [Int16](repeating: 1, count: 50).span)
        try timeline.finish()
        #expect(tape.left == [Int16](repeating: 1, count: 100))
        #expect(
            tape.right
                == [Int16](repeating: 0, count: 20) + [Int16](repeating: 2, count: 10)
                + [Int16](repeating: 0, count: 70))
        #expect(tape.isFinished)
        #expect(timeline.counters == .init())
    }

    @Test func `S12 a jump of the carrier's clock becomes silence of that length`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape)
        let frame = [Int16](repeating: 5, count: 160)
        for index in 0..<100 {
            // 200 ms lost after half a second.
            timeline.addCaller(at: Int64((index < 25 ? index : index + 10) * 160), frame.span)
        }
        try timeline.finish()
        #expect(tape.left.count == 110 * 160)
        #expect(tape.left[(25 * 160)..<(35 * 160)].allSatisfy { $0 == 0 })
        #expect(tape.left.filter { $0 == 5 }.count == 100 * 160)
        #expect(timeline.counters.callerGap == 1_600)
    }

    @Test func `a clear in the middle takes back what was not heard and leaves what comes after it`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 400, horizonSamples: 800)
        timeline.scheduleAgent(at: 100, [Int16](repeating: 3, count: 500).span)
        timeline.addCaller(at: 0, [Int16](repeating: 1, count: 300).span)
        timeline.clearAgent(from: 250)
        timeline.scheduleAgent(at: 280, [Int16](repeating: 4, count: 40).span)
        timeline.addCaller(at: 300, [Int16](repeating: 1, count: 300).span)
        try timeline.finish()
        #expect(tape.right[..<100].allSatisfy { $0 == 0 })
        #expect(tape.right[100..<250].allSatisfy { $0 == 3 })
        #expect(tape.right[250..<280].allSatisfy { $0 == 0 })
        #expect(tape.right[280..<320].allSatisfy { $0 == 4 })
        #expect(tape.right[320...].allSatisfy { $0 == 0 })
        #expect(timeline.counters.cleared == 350)
        #expect(timeline.counters.clearedTooLate == 0)
    }

    @Test func `nothing is final before the window has passed`() {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 16_000, horizonSamples: 8_000)
        for index in 0..<100 { timeline.addCaller(at: Int64(index * 160), [Int16](repeating: 1, count: 160).span) }
        #expect(tape.left.isEmpty)
        timeline.advance(to: 16_160)
        #expect(tape.left.count == 160)
    }

    @Test func `late and duplicate frames are counted and cannot change what is final`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 160, horizonSamples: 320)
        timeline.addCaller(at: 0, [Int16](repeating: 1, count: 160).span)
        timeline.addCaller(at: 160, [Int16](repeating: 1, count: 160).span)
        timeline.advance(to: 400)  // 240 are final now.
        timeline.addCaller(at: 160, [Int16](repeating: 9, count: 160).span)
        #expect(timeline.counters.late == 80)
        timeline.clearAgent(from: 0)
        try timeline.finish(at: 400)
        #expect(tape.left[..<240].allSatisfy { $0 == 1 })
        #expect(tape.left[240..<320].allSatisfy { $0 == 9 })
        #expect(tape.left.count == 400)
    }

    @Test(arguments: [60, -60])
    func `agent audio that is heard later, or earlier, is moved, but for what is final`(shift: Int) throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 300, horizonSamples: 800)
        timeline.scheduleAgent(at: 100, [Int16](repeating: 3, count: 200).span)
        timeline.addCaller(at: 0, [Int16](repeating: 1, count: 320).span)
        timeline.moveAgent(from: 100, by: Int64(shift))
        timeline.scheduleAgent(at: Int64(300 + shift), [Int16](repeating: 4, count: 100).span)
        try timeline.finish(at: 600)
        #expect(tape.right[..<(100 + shift)].allSatisfy { $0 == 0 })
        #expect(tape.right[(100 + shift)..<(300 + shift)].allSatisfy { $0 == 3 })
        #expect(tape.right[(300 + shift)..<(400 + shift)].allSatisfy { $0 == 4 })
        #expect(tape.right[(400 + shift)...].allSatisfy { $0 == 0 })
    }

    @Test func `agent audio laid twice for one place: the newer one is heard`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 400, horizonSamples: 400)
        timeline.scheduleAgent(at: 0, [Int16](repeating: 3, count: 100).span)
        timeline.scheduleAgent(at: 60, [Int16](repeating: 4, count: 100).span)
        try timeline.finish(at: 200)
        #expect(tape.right[..<60].allSatisfy { $0 == 3 } && tape.right[60..<160].allSatisfy { $0 == 4 })
        #expect(timeline.counters.replaced == 40)
    }

    @Test func `a clear that comes after its audio became final is counted`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 100, horizonSamples: 400)
        timeline.scheduleAgent(at: 0, [Int16](repeating: 3, count: 300).span)
        timeline.advance(to: 300)
        timeline.clearAgent(from: 150)
        #expect(timeline.counters.clearedTooLate == 50)
        #expect(timeline.counters.cleared == 100)
        try timeline.finish()
        #expect(tape.right[..<200].allSatisfy { $0 == 3 } && tape.right[200...].allSatisfy { $0 == 0 })
    }

    @Test func `positions no clock can have are let go and counted`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape, windowSamples: 100, horizonSamples: 200)
        let frame = [Int16](repeating: 1, count: 160)
        for position: Int64 in [-1, .min, .max, 1 << 40] { timeline.addCaller(at: position, frame.span) }
        for position: Int64 in [-1, .min, .max, 1 << 40] { timeline.scheduleAgent(at: position, frame.span) }
        timeline.clearAgent(from: .min)
        timeline.clearAgent(from: .max)
        #expect(timeline.counters.beyondHorizon == 8 * 160)
        timeline.addCaller(at: 0, frame.span)
        try timeline.finish()
        #expect(tape.left == frame)
    }

    @Test func `the agent is heard on while the caller's audio stays away`() throws {
        let tape = Tape()
        let timeline = StereoTimeline(sink: tape)
        timeline.addCaller(at: 0, [Int16](repeating: 1, count: 160).span)
        for index in 0..<1_000 {
            timeline.scheduleAgent(at: Int64(index * 160), [Int16](repeating: 2, count: 160).span)
        }
        timeline.addCaller(at: 999 * 160, [Int16](repeating: 3, count: 160).span)
        try timeline.finish()
        #expect(tape.right == [Int16](repeating: 2, count: 160_000))
        #expect(tape.left.prefix(160).allSatisfy { $0 == 1 } && tape.left.suffix(160).allSatisfy { $0 == 3 })
        #expect(timeline.counters.beyondHorizon == 0 && timeline.counters.late == 0)
    }

    @Test func `matches a plain array under any order of events within the window`() throws {
        var random = Seeded(state: 42)
        for _ in 0..<20 {
            let tape = Tape()
            let timeline = StereoTimeline(sink: tape, windowSamples: 2_000, horizonSamples: 2_000)
            var left = [Int16](repeating: 0, count: 60_000), right = left
            var now = 0
            for step in 1...150 {
                let samples = (0..<Int.random(in: 1...200, using: &random)).map { _ in Int16(step) }
                let place = max(0, now + Int.random(in: -150...150, using: &random))
                timeline.addCaller(at: Int64(place), samples.span)
                for (offset, value) in samples.enumerated() { left[place + offset] = value }
                now = max(now, place + samples.count)
                let ahead = now + Int.random(in: -500...900, using: &random)
                if ahead >= 0 {
                    timeline.scheduleAgent(at: Int64(ahead), samples.span)
                    for offset in samples.indices { right[ahead + offset] = samples[offset] }
                }
                if step % 9 == 0 {
                    let cut = max(0, now + Int.random(in: -400...400, using: &random))
                    timeline.clearAgent(from: Int64(cut))
                    for index in cut..<right.count { right[index] = 0 }
                }
            }
            try timeline.finish()
            #expect(tape.left == Array(left[..<now]))
            #expect(tape.right == Array(right[..<now]))
        }
    }

    @Test func `a sink that fails is not written again, and finish says why`() {
        let tape = Tape()
        tape.failsAfter = 100
        let timeline = StereoTimeline(sink: tape, windowSamples: 10, horizonSamples: 100)
        for index in 0..<10 { timeline.addCaller(at: Int64(index * 50), [Int16](repeating: 1, count: 50).span) }
        #expect(timeline.failure == RecordingError(.file, "disk full"))
        do throws(RecordingError) {
            try timeline.finish()
            Issue.record("finish said nothing")
        } catch { #expect(error.message == "disk full") }
        #expect(tape.isFinished)
    }

    @Test func `records into a WAVE file`() throws {
        let file = TemporaryFile()
        let timeline = StereoTimeline(
            sink: try WAVFileWriter(path: file.path, channels: 2, sampleRateHz: 8_000), windowSamples: 100)
        timeline.scheduleAgent(at: 80, [Int16](repeating: 2, count: 80).span)
        timeline.addCaller(at: 0, [Int16](repeating: 1, count: 160).span)
        try timeline.finish()
        let read = try WAVFile(path: file.path)
        #expect(read.format == WAVFormat(channels: 2, sampleRateHz: 8_000))
        #expect(read.samples.count == 320 && read.samples.last == 2 && read.samples.first == 1)
    }
}

/// A sink in memory.
private final class Tape: StereoSink {
    var left: [Int16] = [], right: [Int16] = []
    var isFinished = false
    var failsAfter = Int.max

    func write(interleaved samples: Span<Int16>) throws(RecordingError) {
        if left.count >= failsAfter { throw RecordingError(.file, "disk full") }
        for index in stride(from: 0, to: samples.count, by: 2) {
            left.append(samples[index])
            right.append(samples[index + 1])
        }
    }

    func finish() throws(RecordingError) { isFinished = true }
}

/// Repeatable random numbers.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
