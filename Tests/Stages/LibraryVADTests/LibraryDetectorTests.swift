import AudioPipeline
import LabelledCalls
import PlugIns
import StageConformance
import Testing
import VAD

@testable import LibraryVAD

/// Other people's detectors, over recorded words.
@Suite(.enabled(if: RecordedPrompts.isInstalled, "needs asterisk-core-sounds-en-wav"))
struct `Detectors of libraries` {
    private static let golden = Result { try GoldenCalls(quick: true) }

    @Test(arguments: ["webrtc-0", "webrtc-1", "webrtc-2", "webrtc-3", "speex"])
    func `each keeps the rules of the role and finds the words of a quiet line`(name: String) throws {
        let make = try #require(Stages.detectors[name]).prepare()
        let report = DetectorCheck(name, .here(make), try Self.golden.get()).run()
        #expect(report.violations == [])
        let quiet = report.calls[0].scores
        #expect(try #require(quiet.missed) < 0.15)
        #expect(quiet.missedUtterances == 0)
        #expect(try #require(report.curve).area > 0.6)
    }

    @Test func `WebRTC's modes differ in what they take for speech`() throws {
        let call = try Self.golden.get().calls.first { $0.name.hasPrefix("babble") }
        let samples = try #require(call).samples
        func frames(_ mode: Int) -> Int {
            let detector = FrameDetector(AnyDetector.boxing(WebRTCDetector(mode: mode)))
            return stride(from: 0, to: samples.count, by: 160).count { start in
                detector.analyze(samples.span.extracting(start..<start + 160)).isSpeech
            }
        }
        #expect(frames(3) < frames(0))
    }

    @Test func `a window that WebRTC refuses is no answer`() {
        var detector = WebRTCDetector(mode: 2)
        let odd = [Int16](repeating: 0, count: 111)
        #expect(!detector.analyze(odd.span).isInRange)
    }
}
