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
        let seconds = Self.patienceSeconds(utterance.count * 1_000 / sampleRateHz)
        let deadline = Self.now + UInt64(seconds) * 1_000_000_000
        var out: [UInt8] = []
        out.append(utterance: utterance, sampleRateHz: sampleRateHz, call: call)
        guard link.send(out) else { throw StageFault("it has ended") }
        var heard = Transcript.unknown
        while true {
            let answer = try next(until: deadline, "an answer in \(seconds) s")
            guard answer.call == call else { continue }
            if let error = answer.error { throw StageFault("it says: \(error)") }
            if answer.done == true { return heard }
            if let result = answer.result, result.isFinal { heard.append(result.transcript) }
        }
    }

    /// How long an utterance of so many milliseconds is waited for.
    static func patienceSeconds(_ milliseconds: Int) -> Int { max(leastSeconds, timesLength * milliseconds / 1_000) }

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

extension Transcript {
    /// One more piece of the same text, which is as sure as the least sure of them.
    mutating func append(_ piece: Transcript) {
        guard !piece.text.isEmpty else { return }
        confidence = text.isEmpty ? piece.confidence : min(confidence, piece.confidence)
        text += (text.isEmpty ? "" : " ") + piece.text
        words += piece.words
    }
}
