import LabelledCalls
import Testing

@testable import StageConformance

@Suite struct `Scores of decisions` {
    /// One utterance in frames 20 ..< 40 of 100.
    private static let call = GoldenCall(
        name: "made up", samples: [Int16](repeating: 0, count: 16_000),
        truth: (0..<100).map { (20..<40).contains($0) ? .speech : (40..<50).contains($0) ? .either : .silence },
        utterances: [20..<40])

    private func scores(_ speech: [Range<Int>]) -> FrameScores {
        FrameScores(of: Self.call, (0..<100).map { frame in speech.contains { $0.contains(frame) } })
    }

    @Test func `exact decisions are without fault`() {
        let exact = scores([20..<40])
        #expect(exact.missed == 0 && exact.falseAlarms == 0)
        #expect(exact.onsetErrors == [0] && exact.offsetErrors == [0] && exact.missedUtterances == 0)
    }

    @Test func `late by two frames, over by five in the tail, which counts for neither side`() {
        let late = scores([22..<45])
        #expect(late.missedFrames == 2 && late.falseFrames == 0)
        #expect(late.onsetErrors == [40] && late.offsetErrors == [100])
    }

    @Test func `never on, always on`() {
        let never = scores([])
        #expect(never.missed == 1 && never.falseAlarms == 0 && never.missedUtterances == 1 && never.onsetErrors == [])
        let always = scores([0..<100])
        #expect(always.missed == 0 && always.falseAlarms == 1)
        // No edge was found, so none was early.
        #expect(always.onsetErrors == [] && always.offsetErrors == [])
    }

    @Test func `a pause within the utterance does not end it`() {
        #expect(scores([20..<28, 33..<40]).offsetErrors == [0])
    }

    @Test func `areas under the curve: perfect, none, reversed, half of ties`() throws {
        #expect(try #require(OperatingCurve(speech: [0.9, 0.8], silence: [0.1, 0.2])).area == 1)
        #expect(try #require(OperatingCurve(speech: [0.5, 0.5], silence: [0.5])).area == 0.5)
        #expect(try #require(OperatingCurve(speech: [0.1], silence: [0.9])).area == 0)
        let decisions = try #require(OperatingCurve(speech: [1, 1, 1, 0], silence: [0, 0, 0, 1]))
        #expect(decisions.area == 0.75 && decisions.isOfDecisions)
        #expect(try !#require(OperatingCurve(speech: [0.9, 0.8], silence: [0.1, 0.2])).isOfDecisions)
        #expect(OperatingCurve(speech: [], silence: [0.1]) == nil)
        // What is no number divides nothing, and does not trap.
        #expect(try #require(OperatingCurve(speech: [.nan], silence: [.infinity])).area <= 0.5)
    }
}

@Suite(.enabled(if: RecordedPrompts.isInstalled, "needs asterisk-core-sounds-en-wav")) struct `Golden calls` {
    @Test func `music and tones are the same each time, and their truth is silence`() throws {
        let (one, other) = (try GoldenCalls(quick: true), try GoldenCalls(quick: true))
        #expect(one.calls.map(\.samples) == other.calls.map(\.samples))
        for call in one.calls {
            #expect(call.samples.count == call.frames * GoldenCall.frameSamples)
            #expect(call.utterances.isEmpty == call.truth.allSatisfy { $0 == .silence })
            #expect(call.utterances.allSatisfy { $0.upperBound <= call.frames })
        }
    }
}
