public import AudioPipeline
import Foundation
public import LabelledCalls
import MulawCodec
import Recording
import Resample

/// Recordings whose words are known: prompts of Debian's asterisk-core-sounds-en-wav.
public struct KnownWords: Sendable {
    public struct Utterance: Sendable {
        public let name: String
        public let words: String
        /// 8 kHz, through mu-law and back.
        let samples: [Int16]
    }
    public let utterances: [Utterance]

    private static let recordings: [(name: String, words: String)] = [
        ("hello-world", "hello world"), ("tt-weasels", "weasels have eaten our phone system"),
        ("something-terribly-wrong", "something is terribly wrong"), ("one-moment-please", "one moment please"),
        ("info-about-last-call", "information about your last call"), ("please-try-again", "please try again"),
        ("im-sorry", "i'm sorry"), ("vm-goodbye", "goodbye"), ("digits/1", "one"), ("digits/2", "two"),
        ("digits/3", "three"), ("digits/4", "four"), ("digits/5", "five"), ("digits/6", "six"), ("digits/7", "seven"),
        ("digits/8", "eight"), ("digits/9", "nine"),
    ]

    /// - Throws: when the recordings are not installed.
    public init(folder: String = RecordedPrompts.folder) throws(StageFault) {
        var utterances: [Utterance] = []
        for (name, words) in Self.recordings {
            let file: WAVFile
            do throws(RecordingError) {
                file = try WAVFile(path: "\(folder)/\(name).wav")
                try file.require(channels: 1, sampleRateHz: 8_000, name: name)
            } catch { throw StageFault("\(error); Debian's asterisk-core-sounds-en-wav has it") }
            utterances.append(
                Utterance(
                    name: name, words: words,
                    samples: file.samples.map { MulawDecoder.decode(MulawEncoder.encode($0)) }))
        }
        self.utterances = utterances
    }

    init(_ utterances: [Utterance]) { self.utterances = utterances }
}

extension KnownWords.Utterance {
    /// The sound of this at a recogniser's rate, with silence around it.
    /// - Parameters: milliseconds of silence.
    func sound(_ rate: Int, before: Int, after: Int) -> [Int16] {
        let line = [Int16](repeating: 0, count: before * 8) + samples + [Int16](repeating: 0, count: after * 8)
        // Rates are checked where recognisers are made.
        guard rate != 8_000, var resampler = try? PolyphaseResampler(inputRateHz: 8_000, outputRateHz: rate) else {
            return line
        }
        var raised: [Int16] = []
        var frame = [Int16](repeating: 0, count: rate / 50)
        for start in stride(from: 0, to: line.count, by: 160) {
            let piece = line.span.extracting(start..<min(line.count, start + 160))
            var target = frame.mutableSpan
            guard case .produced(let count) = resampler.process(piece, into: &target) else { continue }
            raised += frame[..<count]
        }
        return raised
    }
}
