import AllocationProbe
import AudioPipeline
import Foundation
import Testing

@testable import VAD

/// An agent on a line that returns what it says.
private struct EchoLine {
    var delayMilliseconds: Int
    var decibels: Double
    /// What the agent says; the recordings lie a few dB below full scale.
    var agent: [Int16]
    var caller: [Int16] = []
    var callerStart = 0

    /// Both ends frame by frame: the near end is what the far end was, late, weaker and without its highs and lows.
    func near() -> [Int16] {
        var echo = [Double](repeating: 0, count: agent.count + delayMilliseconds * 8)
        var (low, high) = (0.0, 0.0)
        let factor = pow(10, decibels / 20)
        for index in agent.indices {
            high += 0.2 * (Double(agent[index]) - high)
            low += 0.7 * ((Double(agent[index]) - high) - low)
            echo[index + delayMilliseconds * 8] = low * factor
        }
        for index in caller.indices where callerStart + index < echo.count {
            echo[callerStart + index] += Double(caller[index])
        }
        return echo[..<agent.count].map { Int16(max(-32_768, min(32_767, $0.rounded()))) }
    }
}

/// What the detector called speech, and how much of it the reference explained, from a frame on.
private struct EchoHearing {
    var speech = 0
    var echo = 0
    var delayMilliseconds: Int?
    var edges: [(frame: Int, edge: SpeechEdge)] = []

    init(_ line: EchoLine, from first: Int = 0) {
        let near = line.near()
        var reference = EchoReference(), detector = EnergyDetector(), segmenter = SpeechSegmenter()
        for frame in 0..<near.count / 160 {
            let said = Array(line.agent[frame * 160..<frame * 160 + 160])
            reference.sent(said.span)
            let heard = Array(near[frame * 160..<frame * 160 + 160])
            let isSpeech = detector.analyze(heard.span).isSpeech
            let isEcho = reference.judge(heard.span).isEcho
            if isSpeech, frame >= first { (speech, echo) = (speech + 1, echo + (isEcho ? 1 : 0)) }
            if let edge = segmenter.advance(isSpeech: isSpeech && !isEcho) { edges.append((frame, edge)) }
        }
        delayMilliseconds = reference.delayMilliseconds
    }
}

@Suite(.enabled(if: TelephoneSpeech.isInstalled, "needs asterisk-core-sounds-en-wav"))
struct `Echo reference on telephone speech` {
    private static let agent = Result { try Array(TelephoneSpeech().samples[..<(16 * 8_000)]) }

    @Test(arguments: [200, 370, 600], [-12.0, -18, -30])
    func `S31 the agent's own voice is no onset, from its first word on`(delay: Int, decibels: Double) throws {
        let line = EchoLine(delayMilliseconds: delay, decibels: decibels, agent: try Self.agent.get())
        let heard = EchoHearing(line)
        #expect(heard.edges.isEmpty, "\(heard.edges.map(\.frame))")
        #expect(decibels < -25 || heard.speech > 150, "\(heard.speech) frames of it were loud enough to be heard")
        #expect(decibels < -20 || heard.delayMilliseconds.map { abs($0 - delay) <= 40 } == true)
    }

    @Test(arguments: [-15.0, -18, -24])
    func `S31 a caller as loud as the agent is heard over the echo`(decibels: Double) throws {
        let agent = try Self.agent.get()
        for start in [5, 10] {
            let words = Array(agent[8_000..<8_000 + 2 * 8_000])
            let line = EchoLine(
                delayMilliseconds: 300, decibels: decibels, agent: agent, caller: words, callerStart: start * 8_000)
            let edges = EchoHearing(line).edges
            #expect(
                edges.contains { $0.edge == .sustained && abs($0.frame - start * 50) < 40 }, "at \(start) s: \(edges)")
        }
    }
}

@Suite struct `Echo reference` {
    private static let tone = (0..<160).map { Int16(8_000 * sin(Double($0) * 0.6)) }
    private static let silence = [Int16](repeating: 0, count: 160)

    @Test func `without a far end nothing is explained`() {
        var reference = EchoReference()
        for _ in 0..<100 {
            let verdict = reference.judge(Self.tone.span)
            #expect(!verdict.isEcho && verdict.explained == 0)
        }
    }

    @Test func `what was cleared was never played, and is no echo`() {
        var reference = EchoReference()
        for _ in 0..<8 { reference.sent(Self.tone.span) }
        reference.cleared()
        let weak = Self.tone.map { $0 / 8 }
        for _ in 0..<50 {
            let verdict = reference.judge(weak.span)
            #expect(!verdict.isEcho)
        }
    }

    @Test func `what was sent ahead is played frame by frame, and its echo explained until it has died away`() {
        var reference = EchoReference()
        for _ in 0..<8 { reference.sent(Self.tone.span) }
        let weak = Self.tone.map { $0 / 8 }
        var explained: [Bool] = []
        for _ in 0..<70 { explained.append(reference.judge(weak.span).isEcho) }
        // Eight frames are played, and the last of them may come back for 0.98 ... 1.12 s.
        #expect(explained[2..<56].allSatisfy { $0 } && !explained[64...].contains(true))
    }

    @Test func `frames that the carrier lost are time all the same`() {
        var reference = EchoReference()
        for _ in 0..<8 { reference.sent(Self.tone.span) }
        reference.lost(frames: 70)
        let weak = Self.tone.map { $0 / 8 }
        let verdict = reference.judge(weak.span)
        #expect(!verdict.isEcho)
    }

    @Test func `after a reset it is as new`() {
        var reference = EchoReference(), fresh = EchoReference()
        for _ in 0..<200 {
            reference.sent(Self.tone.span)
            _ = reference.judge(Self.silence.span)
        }
        reference.reset()
        for _ in 0..<100 {
            reference.sent(Self.tone.span)
            fresh.sent(Self.tone.span)
            let weak = Self.tone.map { $0 / 6 }
            let again = reference.judge(weak.span), first = fresh.judge(weak.span)
            #expect(again == first)
        }
    }

    @Test func `frames of any length, empty and at full scale do no harm`() {
        var reference = EchoReference()
        let square = (0..<160).map { $0 % 16 < 8 ? Int16.min : .max }
        for length in [0, 1, 7, 160] {
            let part = Array(square[..<length])
            for _ in 0..<200 {
                reference.sent(part.span)
                let verdict = reference.judge(part.span)
                #expect((0...1).contains(verdict.explained))
            }
        }
    }

    @Test func `a sine has its power in its own band`() {
        var bands = EchoBands()
        for (band, hertz) in [300.0, 425, 600, 850, 1_200, 1_700, 2_350, 3_100].enumerated() {
            bands.reset()
            let sine = (0..<1_600).map { Int16((10_000 * sin(2 * .pi * hertz * Double($0) / 8_000)).rounded()) }
            var power = EchoBands.Bands.zero
            for frame in 0..<10 {
                let samples = Array(sine[frame * 160..<frame * 160 + 160])
                _ = bands.measure(samples.span)
                power = bands.power
            }
            #expect(abs(power[band] / 50_000_000 - 1) < 0.02)
            for other in 0..<8 where abs(other - band) > 1 { #expect(power[other] < power[band] / 10) }
        }
    }

    @Test func `no moment of a frame goes unheard`() {
        // A click of 1 ms, wherever it falls, has the same power over the frames that hear it, within two decibels.
        let energies = stride(from: 0, to: 160, by: 8).map { place -> Float in
            var bands = EchoBands()
            var click = [Int16](repeating: 0, count: 480)
            for index in 0..<8 { click[160 + place + index] = index % 4 < 2 ? 8_000 : -8_000 }
            var energy: Float = 0
            for frame in 0..<3 {
                let samples = Array(click[frame * 160..<frame * 160 + 160])
                _ = bands.measure(samples.span)
                energy += bands.power.total
            }
            return energy
        }
        let (least, most) = (energies.min() ?? 0, energies.max() ?? 1)
        #expect(least > 0 && 10 * log10(most / least) < 2, "\(energies)")
    }

    @Test func `levels are the powers' logarithms, and silence has its own`() {
        var bands = EchoBands()
        for amplitude in [0, 1, 10, 300, 32_000] {
            let samples = (0..<160).map { Int16(Double(amplitude) * sin(Double($0) * 0.7)) }
            for _ in 0..<3 {
                let level = bands.measure(samples.span)
                for band in 0..<8 {
                    let exact = max(-90, 10 * log10(bands.power[band] / (32_768 * 32_768)))
                    #expect(abs(level[band] - exact) < 0.06, "\(amplitude), band \(band): \(level[band]), \(exact)")
                }
            }
        }
    }

    @Test func `allocates nothing in ten seconds of both ends`() {
        var reference = EchoReference()
        let weak = Self.tone.map { $0 / 6 }
        var echoes = 0
        // Once before: what the runtime makes of a type the first time it is used is not the frame's.
        reference.sent(Self.tone.span)
        _ = reference.judge(weak.span)
        allocation_probe_start()
        for _ in 0..<500 {
            reference.sent(Self.tone.span)
            if reference.judge(weak.span).isEcho { echoes += 1 }
        }
        let allocations = allocation_probe_stop()
        #expect(allocations <= 0)
        #expect(echoes > 400, "it follows what was sent")
    }
}
