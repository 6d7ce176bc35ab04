import Foundation
import LabelledCalls

/// A caller who says one thing after another, with pauses, on a line of a given kind.
struct SpokenLine {
    /// Of active speech, dB below full scale, one utterance after another.
    var levels: [Double] = [-22]
    /// Added to every sample.
    var offset = 0.0
    /// Of the whole line; what goes over full scale is cut off.
    var gain = 1.0
    var noise = NoiseKind.white
    /// Mean power, dB below full scale.
    var noiseDecibels = -65.0

    private let prompts: RecordedPrompts
    private let utterances: Int
    private var random: SeededRandom

    init(_ prompts: RecordedPrompts, utterances: Int, random: SeededRandom) {
        (self.prompts, self.utterances, self.random) = (prompts, utterances, random)
    }

    /// Where silence is as long as this inside an utterance, a detector may say so.
    private static let pauseFrames = 10
    /// After an utterance, where nobody can say whether it is over.
    private static let tailFrames = 10

    func call(_ name: String) -> GoldenCall {
        var random = random
        // A line is heard for two seconds before anybody speaks.
        var clean = [Double](repeating: 0, count: 2 * 8_000)
        var spans: [(samples: Range<Int>, level: Double)] = []
        for number in 0..<utterances {
            let level = levels[number % levels.count]
            let words = Level.set(prompts.short.randomElement(using: &random)!, to: level)
            spans.append((clean.count..<clean.count + words.count, level))
            clean += words + [Double](repeating: 0, count: Int(random.pick(0.8...2)) * 8_000 + 6_400)
        }
        clean.removeLast(clean.count % GoldenCall.frameSamples)
        let noise = noise.samples(clean.count, at: noiseDecibels, prompts: prompts, random: &random)
        let line = zip(clean, noise).map { ($0 + $1 + offset) * gain }
        let truth = Self.truth(clean, spans)
        return GoldenCall(
            name: name, samples: GoldenCalls.throughMulaw(line), truth: truth,
            utterances: spans.map { span in
                let last = (span.samples.upperBound - 1) / GoldenCall.frameSamples
                return span.samples.lowerBound / GoldenCall.frameSamples..<last + 1
            })
    }

    /// Of the words alone: what is within 20 dB of their level is speech, a longer stretch 30 dB below it is none.
    private static func truth(_ clean: [Double], _ spans: [(samples: Range<Int>, level: Double)]) -> [GoldenCall.Truth]
    {
        let size = GoldenCall.frameSamples
        var truth = [GoldenCall.Truth](repeating: .silence, count: clean.count / size)
        for span in spans {
            let frames = span.samples.lowerBound / size...(span.samples.upperBound - 1) / size
            var quiet = 0
            for frame in frames {
                let power = clean[frame * size..<(frame + 1) * size].reduce(0) { $0 + $1 * $1 } / Double(size)
                let decibels = 10 * log10(max(power, 1e-6) / (32_768 * 32_768))
                quiet = decibels < span.level - 30 ? quiet + 1 : 0
                truth[frame] = decibels > span.level - 20 ? .speech : .either
                guard quiet >= pauseFrames else { continue }
                for index in frame - quiet + 1 + pauseFrames / 2...frame { truth[index] = .silence }
            }
            // Frames that hold the edge.
            for edge in [frames.lowerBound, frames.upperBound] { truth[edge] = .either }
            for frame in frames.upperBound..<min(truth.count, frames.upperBound + tailFrames) { truth[frame] = .either }
        }
        return truth
    }
}
