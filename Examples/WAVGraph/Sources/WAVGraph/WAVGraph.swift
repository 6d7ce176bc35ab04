import AudioPipeline
import Foundation
import MulawCodec
import Recording
import Resample
import VAD

/// WAV -> mu-law and back, as a telephone line would do -> voice detection -> 24 kHz -> WAV.
///
///     swift run wav-graph in.wav out.wav        in.wav: 8 kHz, mono
@main struct WAVGraph {
    static func main() {
        do { try run() } catch {
            print("wav-graph: \(error)")
            exit(1)
        }
    }

    static func run() throws {
        guard CommandLine.arguments.count == 3 else {
            print("usage: wav-graph IN.wav OUT.wav    (IN: 8 kHz mono)")
            return
        }
        let input = CommandLine.arguments[1]
        let file = try WAVFile(path: input)
        try file.require(channels: 1, sampleRateHz: 8_000, name: input)

        var graph = try TelephoneGraph()
        var output: [Int16] = []
        var start = 0
        while start + TelephoneGraph.frameSamples <= file.samples.count {
            let frame = file.samples.span.extracting(start..<start + TelephoneGraph.frameSamples)
            graph.process(frame, into: &output)
            start += TelephoneGraph.frameSamples
        }
        try WAVFile(format: WAVFormat(channels: 1, sampleRateHz: 24_000), samples: output).write(
            path: CommandLine.arguments[2])
        print("\(graph.frames) frames, \(graph.speechFrames) of them speech; \(output.count) samples at 24 kHz")
    }
}

/// A frame's way, in one function: the same shape as the service's paths, with files at both ends.
struct TelephoneGraph: ~Copyable {
    static let frameSamples = AudioFormat.linear8k.samplesPerFrame

    private var encoder = MulawEncoder()
    private var decoder = MulawDecoder()
    private var detector = EnergyDetector()
    private var segmenter = SpeechSegmenter()
    private var up: PolyphaseResampler
    private var wire = InlineArray<160, UInt8>(repeating: 0xFF)
    private var linear = InlineArray<160, Int16>(repeating: 0)
    private var wide = InlineArray<480, Int16>(repeating: 0)
    private(set) var frames = 0
    private(set) var speechFrames = 0

    init() throws { up = try PolyphaseResampler(inputRateHz: 8_000, outputRateHz: 24_000) }

    mutating func process(_ frame: Span<Int16>, into output: inout [Int16]) {
        var coded = wire.mutableSpan
        _ = encoder.process(frame, into: &coded)
        var decoded = linear.mutableSpan
        _ = decoder.process(wire.span, into: &decoded)

        _ = segmenter.advance(isSpeech: detector.analyze(linear.span).isSpeech)
        frames += 1
        if segmenter.isInSpeech { speechFrames += 1 }

        var widened = wide.mutableSpan
        guard case .produced(let samples) = up.process(linear.span, into: &widened) else { return }
        for index in 0..<samples { output.append(wide[index]) }
    }
}
