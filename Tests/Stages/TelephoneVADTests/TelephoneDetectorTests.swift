import AllocationProbe
import AudioPipeline
import CTelephoneVAD
import Foundation
import TelephoneVAD
import Testing
import VAD

/// The network itself is proved against the one that was trained: Golden/probabilities.txt is written beside the weights by
/// Training/TelephoneVAD/export.py, in double precision.
@Suite struct `Telephone detector` {
    /// Thirty seconds that export.py's `signal` makes alike: noise and a buzz that come and go, and silence.
    static let signal: [[Int16]] = {
        var state: UInt32 = 1
        let loud = [0, 1, 6, 40, 3, 100, 12, 25], rough = [1, 8, 2, 1, 40, 3, 0, 16]
        let samples = (0..<1_500 * 160).map { (n: Int) -> Int16 in
            state = state &* 1_664_525 &+ 1_013_904_223
            let noise = Int(state >> 16) - 32_768
            let part = n / 4_000 % 8
            let buzz = (n * (90 + 7 * (n / 1_000 % 9)) % 8_000 - 4_000) * 2
            // Rounded down, as the other language does.
            return Int16(clamping: (buzz * loud[part]).floored(by: 100) + (noise * rough[part]).floored(by: 200))
        }
        return stride(from: 0, to: samples.count, by: 160).map { Array(samples[$0..<$0 + 160]) }
    }()

    private static func hear(_ detector: inout TelephoneDetector, _ frames: [[Int16]]) -> [VoiceActivity] {
        frames.map { detector.analyze($0.span) }
    }

    @Test func `answers as the trained network does`() throws {
        let file = try #require(
            Bundle.module.url(forResource: "probabilities", withExtension: "txt", subdirectory: "Golden"))
        let expected = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { Float($0) }
        #expect(expected.count == Self.signal.count)
        var detector = TelephoneDetector()
        let worst = zip(Self.hear(&detector, Self.signal), expected).map { abs($0.probability - $1) }.max() ?? 1
        #expect(worst < 1e-3)
    }

    @Test func `gives the same bits with and without AVX2`() {
        var (first, second) = (telephone_vad_memory(), telephone_vad_memory())
        for frame in Self.signal {
            let fast = unsafe frame.withUnsafeBufferPointer { unsafe telephone_vad_hear(&first, $0.baseAddress!) }
            let plain = unsafe frame.withUnsafeBufferPointer {
                unsafe telephone_vad_hear_baseline(&second, $0.baseAddress!)
            }
            #expect(fast.probability.bitPattern == plain.probability.bitPattern)
            #expect(fast.decibels.bitPattern == plain.decibels.bitPattern)
        }
    }

    @Test func `hears again what it heard before, once reset`() {
        var detector = TelephoneDetector()
        let first = Self.hear(&detector, Self.signal)
        detector.reset()
        #expect(Self.hear(&detector, Self.signal) == first)
        // Without a reset it remembers.
        #expect(Self.hear(&detector, Self.signal) != first)
    }

    @Test func `two calls share nothing`() {
        var alone = TelephoneDetector()
        var one = TelephoneDetector()
        var other = TelephoneDetector()
        for (index, frame) in Self.signal.enumerated() {
            let expected = alone.analyze(frame.span)
            #expect(one.analyze(frame.span) == expected)
            let another = Self.signal[Self.signal.count - 1 - index]
            _ = other.analyze(another.span)
        }
    }

    @Test(arguments: [Int16.min, .max, 1_000, 1, 0])
    func `stays in range on a constant, clipped or silent line`(level: Int16) {
        var detector = TelephoneDetector()
        let constant = [Int16](repeating: level, count: 160)
        let clipped = (0..<160).map { $0 % 2 == 0 ? level : ~level }
        for _ in 0..<500 {
            for frame in [constant, clipped] {
                let activity = detector.analyze(frame.span)
                #expect(activity.isInRange && (-96...0).contains(activity.levelDecibels))
            }
        }
    }

    @Test(arguments: [nil, 440.0, 1_000, 2_100])
    func `silence and tones are not speech`(hertz: Double?) {
        var detector = TelephoneDetector()
        var spoken = 0
        for frame in 0..<500 {
            let samples = (0..<160).map { n in
                hertz.map { Int16(8_000 * sin(2 * .pi * $0 * Double(frame * 160 + n) / 8_000)) } ?? 0
            }
            let activity = detector.analyze(samples.span)
            if frame >= 10, activity.isSpeech { spoken += 1 }
            if hertz != nil { #expect(abs(activity.levelDecibels + 15.26) < 0.2) }
        }
        #expect(spoken == 0)
    }

    @Test func `a click of 10 ms is not speech`() {
        var detector = TelephoneDetector()
        var segmenter = SpeechSegmenter()
        var edges = 0
        for frame in 0..<500 {
            var samples = (0..<160).map { Int16(($0 * 7 + frame) % 9 - 4) }
            if frame % 50 == 25 { for n in 0..<80 { samples[n] = n % 3 == 0 ? 12_000 : -9_000 } }
            if segmenter.advance(isSpeech: detector.analyze(samples.span).isSpeech) == .sustained { edges += 1 }
        }
        #expect(edges == 0)
    }

    @Test func `allocates nothing in ten seconds of frames`() {
        var detector = TelephoneDetector()
        let frame = Self.signal[40]
        var spoken = 0
        // The first frame of a process may find types that the runtime has not met.
        _ = detector.analyze(frame.span)
        allocation_probe_start()
        for _ in 0..<500 where detector.analyze(frame.span).isSpeech { spoken += 1 }
        let allocations = allocation_probe_stop()
        #expect(allocations <= 0, "spoken: \(spoken)")
    }
}

extension Int {
    /// Divided, and rounded down.
    fileprivate func floored(by divisor: Int) -> Int {
        let quotient = self / divisor
        return quotient * divisor > self ? quotient - 1 : quotient
    }
}
