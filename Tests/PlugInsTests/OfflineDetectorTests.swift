import AudioPipeline
import Configuration
import Testing
import VAD

@testable import PlugIns

/// Detectors for audio that is there already.
@Suite struct `Detectors over audio that is there` {
    private static let quiet = [Int16](repeating: 0, count: 160)
    private static let loud = [Int16](repeating: 8_000, count: 160)

    private func decisions(_ settings: PlugInSettings) throws -> [Bool] {
        let make = try OfflineDetectors.factory(settings)
        let detector = FrameDetector(make())
        var heard: [Bool] = []
        for frame in 0..<20 {
            let activity = detector.analyze((frame % 10 < 5 ? Self.quiet : Self.loud).span)
            heard.append(activity.isInRange && activity.isSpeech)
        }
        return heard
    }

    @Test func `a program decides on the very frame it was given`() throws {
        let heard = try decisions(try `A seat at a plugged detector`.probe("good"))
        #expect(heard == (0..<20).map { $0 % 10 >= 5 })
    }

    @Test func `one that crashes on the way answers nothing any more`() throws {
        let make = try OfflineDetectors.factory(try `A seat at a plugged detector`.probe("crash"))
        let detector = FrameDetector(make())
        for _ in 0..<10 { #expect(detector.analyze(Self.loud.span).isSpeech) }
        for _ in 0..<10 { #expect(!detector.analyze(Self.loud.span).isInRange) }
    }

    @Test func `one that does not introduce itself is an error`() throws {
        #expect(throws: StageFault("its first line is no JSON object")) {
            _ = try OfflineDetectors.factory(try `A seat at a plugged detector`.probe("foreign"))
        }
        #expect(throws: StageFault.self) {
            _ = try OfflineDetectors.factory(PlugInSettings(name: "x", door: .program(["/nonexistent/detector"])))
        }
    }

    @Test func `an engine is had by its name`() throws {
        var settings = PlugInSettings(name: "s", door: .engine("scripted"))
        settings.options = ["script": "..SS"]
        #expect(try decisions(settings).prefix(5) == [false, false, true, true, false])
    }
}
