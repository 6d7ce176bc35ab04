import AudioPipeline
import PlugIns
import SpeechToText
import Testing
import VAD

/// What a configuration may name.
@Suite struct `Stages by name` {
    /// Hears everything as speech.
    private struct Eager: VoiceActivityDetector, ~Copyable {
        var window: DetectorWindow { .telephoneFrame }
        var latencyMilliseconds: Int { 0 }
        var cost: StageCost { .worker }
        mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
            .init(probability: 1, isSpeech: true)
        }
        mutating func reset() {}
    }

    @Test func `the built-in ones are there`() {
        #expect(Stages.detectors["energy"]?.cost == .inline)
        #expect(Stages.detectors["telephone"]?.cost == .inline)
        #expect(Stages.recognizers["pocketsphinx"] != nil)
        #expect(Stages.detectors["none such"] == nil)
    }

    @Test func `a host program adds one of its own, once`() throws {
        let catalog = StageCatalog<DetectorEntry>()
        #expect(catalog.add(DetectorEntry(name: "eager", about: "says yes") { Eager() }))
        #expect(!catalog.add(DetectorEntry(name: "eager", about: "says yes again") { Eager() }))
        let entry = try #require(catalog["eager"])
        #expect(entry.cost == .worker)
        let detector = try entry.prepare()()
        #expect(detector.analyze([Int16](repeating: 0, count: 160).span).isSpeech)
    }

    @Test(arguments: ["", "with space", "slash/ed", String(repeating: "x", count: 65), "שלום"])
    func `what is no name is not added`(name: String) {
        let catalog = StageCatalog<DetectorEntry>()
        #expect(!catalog.add(DetectorEntry(name: name, about: "") { Eager() }))
        #expect(catalog.entries.isEmpty)
    }

    @Test func `an option that an engine does not know is refused by its name`() {
        #expect(throws: StageFault("option `wieghts` is not known to this engine")) {
            _ = try Stages.detectors["energy"]?.prepare(StageOptions(["wieghts": "x"]))
        }
        #expect(throws: StageFault.self) { _ = try Stages.detectors["scripted"]?.prepare() }
    }

    @Test(arguments: [(11_025, 220), (8_000, 7), (8_000, 801), (16_000, 0)])
    func `a window that telephone audio cannot be brought to is refused`(rate: Int, samples: Int) {
        #expect(throws: StageFault.self) { try DetectorWindow(sampleRateHz: rate, samples: samples) }
    }
}
