public import LabelledCalls
import MulawCodec

/// The calls that every detector is checked with, the same each time: speech on good and bad lines, and what is no speech.
public struct GoldenCalls: Sendable {
    public let calls: [GoldenCall]

    /// - Parameters:
    ///   - speech: recorded words.
    ///   - holdSeconds: of music on hold; ten minutes show what grows.
    ///   - utterances: of each call with speech.
    public init(speech: RecordedPrompts, holdSeconds: Int = 600, utterances: Int = 12, seed: UInt64 = 1) {
        precondition(holdSeconds > 0 && utterances > 0, "holdSeconds: \(holdSeconds), utterances: \(utterances)")
        func spoken(_ name: String, _ change: (inout SpokenLine) -> Void) -> GoldenCall {
            // Each call draws from numbers of its own: another one before it changes nothing.
            let mixed = name.utf8.reduce(seed &* 1_000_003) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
            var line = SpokenLine(speech, utterances: utterances, random: SeededRandom(mixed))
            change(&line)
            return line.call(name)
        }
        var calls = [
            spoken("quiet line") { _ in },
            spoken("levels from -16 to -34 dB") { $0.levels = [-22, -34, -16, -28] },
            spoken("constant offset") { $0.offset = 1_500 },
            spoken("clipped") { $0.gain = 8 },
        ]
        let lines: [(NoiseKind, [Double])] = [
            (.white, [20, 10]), (.car, [15, 5]), (.babble, [20, 10]), (.hum, [10]),
        ]
        for (noise, ratios) in lines {
            for ratio in ratios {
                calls.append(
                    spoken("\(noise.rawValue) noise, \(Int(ratio)) dB below") {
                        ($0.noise, $0.noiseDecibels) = (noise, -22 - ratio)
                    })
            }
        }
        var random = SeededRandom(seed)
        func wordless(_ name: String, seconds: Int, _ sound: (inout SeededRandom) -> [Double]) -> GoldenCall {
            Self.wordless(name, sound(&random), seconds: seconds)
        }
        calls += [
            wordless("digital silence", seconds: 20) { _ in [] },
            wordless("a quiet room", seconds: 20) { random in
                NoiseKind.white.samples(20 * 8_000, at: -62, prompts: speech, random: &random)
            },
            wordless("tones of the exchange", seconds: 24) { _ in LineSounds.exchangeTones() },
            wordless("clicks", seconds: 20) { random in LineSounds.repeated(.click, seconds: 20, &random) },
            wordless("keys of the telephone", seconds: 20) { random in LineSounds.repeated(.key, seconds: 20, &random)
            },
            wordless("noise that comes and goes", seconds: 30) { random in
                LineSounds.steps(seconds: 30, prompts: speech, &random)
            },
            wordless("music on hold", seconds: holdSeconds) { random in
                LineSounds.music(seconds: holdSeconds, &random)
            },
        ]
        self.calls = calls
    }

    /// With the words of Debian's asterisk-core-sounds-en-wav.
    /// - Parameter quick: a minute of hold and fewer words: for a test of every day.
    /// - Throws: when they are not installed.
    public init(quick: Bool = false) throws {
        self.init(speech: try RecordedPrompts(), holdSeconds: quick ? 60 : 600, utterances: quick ? 4 : 12)
    }

    private static func wordless(_ name: String, _ sound: [Double], seconds: Int) -> GoldenCall {
        let frames = seconds * 50
        let padded = sound + [Double](repeating: 0, count: max(0, frames * 160 - sound.count))
        return GoldenCall(
            name: name, samples: throughMulaw(padded[..<(frames * 160)]),
            truth: Array(repeating: .silence, count: frames), utterances: [])
    }

    /// What the carrier's line leaves of a sound.
    static func throughMulaw(_ samples: some Sequence<Double>) -> [Int16] {
        samples.map { MulawDecoder.decode(MulawEncoder.encode(Int16(max(-32_768, min(32_767, $0.rounded()))))) }
    }
}
