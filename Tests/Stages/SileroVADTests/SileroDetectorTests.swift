import AllocationProbe
import AudioPipeline
import CSileroVAD
import Foundation
import Testing
import VAD

@testable import SileroVAD

/// The forward pass, against the same network in numpy and double precision, with weights that both make up alike.
@Suite struct `Silero's network` {
    private static func probabilities(_ weights: SileroWeights, _ samples: [Int16]) -> [Float] {
        var detector = SileroDetector(weights)
        return stride(from: 0, through: samples.count - weights.windowSamples, by: weights.windowSamples).map {
            detector.analyze(samples.span.extracting($0..<$0 + weights.windowSamples)).probability
        }
    }

    private static func numbers(_ url: URL) throws -> [Float] {
        try String(contentsOf: url, encoding: .utf8).split(separator: "\n").compactMap { Float($0) }
    }

    private static func worst(_ one: [Float], _ other: [Float]) -> Float {
        zip(one, other).map { abs($0 - $1) }.max() ?? 1
    }

    @Test(arguments: [(256, "golden-16"), (128, "golden-8")])
    func `answers as numpy does, window after window`(kernel: Int, name: String) throws {
        let file = try #require(Bundle.module.url(forResource: name, withExtension: "txt", subdirectory: "Golden"))
        let expected = try Self.numbers(file)
        let weights = try MadeUp.withFile(MadeUp.file(kernel)) { try SileroWeights($0) }
        #expect(weights.sampleRateHz == (kernel == 256 ? 16_000 : 8_000))
        let found = Self.probabilities(weights, MadeUp.audio(620 * kernel))
        #expect(found.count == expected.count && found.count == 310)
        #expect(Self.worst(found, expected) < 1e-5)
        // They move, or the comparison would show nothing.
        #expect(try #require(expected.max()) - #require(expected.min()) > 0.1)
    }

    @Test func `is the same with and without AVX2, but for rounding`() throws {
        let weights = try MadeUp.withFile(MadeUp.file(256)) { try SileroWeights($0) }
        let samples = MadeUp.audio(100 * 512)
        var memory = silero_memory()
        let plain = stride(from: 0, to: samples.count, by: 512).map { start in
            weights.hear(samples.span.extracting(start..<start + 512), &memory, baseline: true)
        }
        #expect(Self.worst(Self.probabilities(weights, samples), plain) < 1e-5)
    }

    @Test func `hears again what it heard before, once reset, and remembers without`() throws {
        let weights = try MadeUp.withFile(MadeUp.file(256)) { try SileroWeights($0) }
        let samples = MadeUp.audio(40 * 512)
        var detector = SileroDetector(weights)
        func hear() -> [Float] {
            stride(from: 0, to: samples.count, by: 512).map {
                detector.analyze(samples.span.extracting($0..<$0 + 512)).probability
            }
        }
        let first = hear()
        #expect(hear() != first)
        detector.reset()
        #expect(hear() == first)
    }

    @Test func `allocates nothing in a window`() throws {
        let weights = try MadeUp.withFile(MadeUp.file(256)) { try SileroWeights($0) }
        let samples = MadeUp.audio(512)
        var detector = SileroDetector(weights)
        _ = detector.analyze(samples.span)
        allocation_probe_start()
        for _ in 0..<100 { _ = detector.analyze(samples.span) }
        #expect(allocation_probe_stop() <= 0)
    }

    @Test func `a window of another size is no answer`() throws {
        let weights = try MadeUp.withFile(MadeUp.file(128)) { try SileroWeights($0) }
        var detector = SileroDetector(weights)
        #expect(!detector.analyze([Int16](repeating: 0, count: 255).span).isInRange)
    }

    /// Two minutes, beside numpy and onnxruntime: what `scripts/test --only plug-ins` has made.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["MEDIA_BRIDGE_SILERO_PROOF"] != nil, "scripts/test makes its files"),
        arguments: ["16", "8"])
    func `equals numpy and onnxruntime over minutes`(name: String) throws {
        let folder = URL(
            fileURLWithPath: try #require(ProcessInfo.processInfo.environment["MEDIA_BRIDGE_SILERO_PROOF"]))
        let weights = try SileroWeights(folder.appendingPathComponent("weights-\(name).safetensors").path)
        let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("audio-\(name).pcm")))
        let samples = stride(from: 0, to: bytes.count, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
        let found = Self.probabilities(weights, samples)
        #expect(found.count > 3_700)
        for other in ["numpy", "onnx"] {
            let expected = try Self.numbers(folder.appendingPathComponent("\(other)-\(name).txt"))
            #expect(found.count == expected.count)
            #expect(Self.worst(found, expected) < 1e-4)
        }
    }
}
