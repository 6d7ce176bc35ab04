import AudioPipeline
import CLinux
import SpeechToText

/// A recogniser behind a link, an utterance at a time: what is said is sent whole, and waited for. One thread, which may
/// wait; a program that fails is ended, and started again for the next utterance.
final class ProgramRecognizer: SpeechRecognizer {
    let sampleRateHz: Int
    var cost: StageCost { .worker }

    private let link: any StageLink
    private let startSeconds: Int
    private var call: UInt32 = 0
    private var isUp = false

    /// Longer answers, and this times the utterance's own length, are waited for in vain.
    static let leastSeconds = 20, timesLength = 4

    /// - Parameter sampleRateHz: what its first line has to say; it is known before the program runs.
    init(_ link: any StageLink, sampleRateHz: Int, startSeconds: Int) {
        (self.link, self.sampleRateHz, self.startSeconds) = (link, sampleRateHz, startSeconds)
    }

    deinit { link.close() }

    func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        do throws(StageFault) {
            try begin()
            return try ask(utterance)
        } catch {
            let words = link.lastWords
            link.close()
            isUp = false
            throw RecognitionError(.engine, words.isEmpty ? error.description : "\(error); its last words: \(words)")
        }
    }

    private func begin() throws(StageFault) {
        guard !isUp else { return }
        try link.open()
        let first = try next(until: Self.now + UInt64(startSeconds) * 1_000_000_000, "its first line")
        guard first.role == "stt", first.version ?? 1 == 1 else {
            throw StageFault("the first line says role `\(first.role ?? "")`; `stt` was expected")
        }
        guard first.sampleRateHz == sampleRateHz else {
            throw StageFault("the first line says \(first.sampleRateHz ?? 0) Hz; \(sampleRateHz) was expected")
        }
        isUp = true
    }

    private func ask(_ utterance: Span<Int16>) throws(StageFault) -> Transcript {
        call &+= 1
        let milliseconds = utterance.count * 1_000 / sampleRateHz
        let seconds = max(Self.leastSeconds, Self.timesLength * milliseconds / 1_000)
        let deadline = Self.now + UInt64(seconds) * 1_000_000_000
        var out: [UInt8] = []
        out.append(.begin, call: call, bytes: 0)
        out.append(.speechBegan, call: call, bytes: 4)
        out.append(littleEndian: 0)
        var start = 0
        while start < utterance.count {
            let piece = utterance.extracting(start..<min(utterance.count, start + sampleRateHz / 10))
            out.append(.audio, call: call, bytes: piece.count * 2)
            out.append(samples: piece)
            start += piece.count
        }
        out.append(.speechEnded, call: call, bytes: 4)
        out.append(littleEndian: UInt32(milliseconds))
        out.append(.end, call: call, bytes: 0)
        guard link.send(out) else { throw StageFault("it has ended") }
        var heard = Transcript.unknown
        while true {
            let answer = try next(until: deadline, "an answer in \(seconds) s")
            guard answer.call == call else { continue }
            if let error = answer.error { throw StageFault("it says: \(error)") }
            if answer.done == true { return heard }
            guard let result = answer.result, result.isFinal, !result.transcript.text.isEmpty else { continue }
            // Several finals are pieces of one text; it is as sure as the least sure of them.
            let isFirst = heard.text.isEmpty
            heard.confidence =
                isFirst ? result.transcript.confidence : min(heard.confidence, result.transcript.confidence)
            heard.text += (isFirst ? "" : " ") + result.transcript.text
            heard.words += result.transcript.words
        }
    }

    /// What came with another line and was not asked for yet.
    private var answers: [StageAnswer] = []

    private func next(until deadline: UInt64, _ what: String) throws(StageFault) -> StageAnswer {
        while answers.isEmpty {
            guard Self.now < deadline else { throw StageFault("no sign of \(what)") }
            var strange = false
            let isThere = link.lines { line in
                if let answer = StageAnswer(line) { answers.append(answer) } else { strange = true }
            }
            if strange { throw StageFault("a line that is no JSON object") }
            if !answers.isEmpty { break }
            guard isThere, link.send([]) else { throw StageFault("it has ended") }
            link.wait(milliseconds: 20)
        }
        return answers.removeFirst()
    }

    private static var now: UInt64 { media_bridge_monotonic_nanoseconds() }
}
