import LabelledCalls
import PlugIns
import StageConformance
import Testing
import VAD

@testable import OwnStages

/// What `media-bridge check-stage` says, as a test.
@Suite(.enabled(if: RecordedPrompts.isInstalled, "needs asterisk-core-sounds-en-wav"))
struct `Zero crossings` {
    @Test func `keep the rules of the role, and find most speech on good lines`() throws {
        let golden = try GoldenCalls(quick: true)
        let report = DetectorCheck("zero-crossings", .here { AnyDetector.boxing(ZeroCrossings()) }, golden).run()
        #expect(report.violations == [])
        let quiet = report.calls[0].scores
        #expect(try #require(quiet.missed) < 0.25)
        #expect(try #require(quiet.falseAlarms) < 0.01)
    }
}
