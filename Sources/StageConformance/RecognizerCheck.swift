import AudioPipeline
import CLinux
import Glibc
public import SpeechToText

/// Lets a recogniser hear recordings of known words, in the time they take, and says what it made of them.
public struct RecognizerCheck {
    private let name: String
    private let make: RecognizerEntry.Factory
    private let known: KnownWords
    private let isPaced: Bool
    private let patience: Int

    /// Around each utterance.
    private static let silenceMilliseconds = 400
    /// For a final result, after the end of the words: by its role there is one then, unless nothing was understood.
    public static let patienceMilliseconds = 2_000

    /// - Parameters:
    ///   - patience: milliseconds.
    ///   - isPaced: false gives the audio as fast as it is taken: for engines that wait for nothing, in tests.
    public init(
        _ name: String, _ known: KnownWords, isPaced: Bool = true, patience: Int = Self.patienceMilliseconds,
        make: @escaping RecognizerEntry.Factory
    ) {
        (self.name, self.known, self.isPaced, self.patience, self.make) = (name, known, isPaced, patience, make)
    }

    /// - Parameter progress: one line for each utterance, before it.
    /// - Throws: when no recogniser can be made at all.
    public func run(progress: (String) -> Void = { _ in }) throws(RecognitionError) -> RecognizerReport {
        let recognizer = try make()
        var report = RecognizerReport(name: name, sampleRateHz: recognizer.sampleRateHz)
        var busy: UInt64 = 0
        var audio = 0
        for utterance in known.utterances {
            progress("\(name): \(utterance.name)")
            do throws(RecognitionError) {
                var hearing = Hearing(
                    recognizer, utterance, silence: Self.silenceMilliseconds, isPaced: isPaced,
                    patience: patience)
                try hearing.run()
                report.utterances.append(hearing.utterance)
                report.violations += hearing.violations
                busy += hearing.busy
                audio += hearing.milliseconds
                try recognizer.reset()
            } catch {
                report.violations.append(.init(rule: .failed, detail: "`\(utterance.name)`: \(error)"))
                break
            }
        }
        if report.violations.isEmpty { report.violations += Self.afterReset(recognizer) }
        if report.violations.isEmpty, report.utterances.allSatisfy({ $0.finalMilliseconds == nil }) {
            report.violations.append(.init(rule: .silent, detail: "nothing final came of any utterance"))
        }
        report.realTimeFactor = Double(busy) / 1e6 / Double(max(1, audio))
        if report.realTimeFactor > 1 {
            report.violations.append(
                .init(rule: .late, detail: "\(report.realTimeFactor) times the length of the audio"))
        }
        return report
    }

    /// A second of silence after a reset has no words.
    private static func afterReset(_ recognizer: any StreamingRecognizer) -> [RecognizerReport.Violation] {
        do throws(RecognitionError) {
            try recognizer.hear([Int16](repeating: 0, count: recognizer.sampleRateHz).span)
            try recognizer.finish()
            var words = ""
            while let result = try recognizer.nextResult() { words += result.transcript.text }
            return words.isEmpty ? [] : [.init(rule: .reset, detail: "silence was `\(words)`")]
        } catch { return [.init(rule: .failed, detail: "after a reset: \(error)")] }
    }
}

/// One utterance's way through a recogniser.
private struct Hearing {
    private let recognizer: any StreamingRecognizer
    private let sound: [Int16]
    private let silence: Int, patience: Int
    private let isPaced: Bool
    let milliseconds: Int
    private(set) var utterance: RecognizerReport.Utterance
    private(set) var violations: [RecognizerReport.Violation] = []
    /// Spent in the recogniser's calls, in nanoseconds.
    private(set) var busy: UInt64 = 0
    private var heard: [String] = []
    private var began: UInt64 = 0

    init(
        _ recognizer: any StreamingRecognizer, _ known: KnownWords.Utterance, silence: Int, isPaced: Bool, patience: Int
    ) {
        (self.recognizer, self.silence, self.isPaced, self.patience) = (recognizer, silence, isPaced, patience)
        sound = known.sound(recognizer.sampleRateHz, before: silence, after: silence)
        milliseconds = sound.count * 1_000 / recognizer.sampleRateHz
        utterance = .init(name: known.name, said: known.words, heard: "", errors: .init())
    }

    private static var now: UInt64 { media_bridge_monotonic_nanoseconds() }

    mutating func run() throws(RecognitionError) {
        let piece = recognizer.sampleRateHz / 50
        began = Self.now
        var isTold = false
        for start in stride(from: 0, to: sound.count, by: piece) {
            let at = start * 1_000 / recognizer.sampleRateHz
            if isPaced { Self.sleep(until: began + UInt64(at) * 1_000_000) }
            let called = Self.now
            try recognizer.hear(sound.span.extracting(start..<min(sound.count, start + piece)))
            // As a call's detector would: a little after the first word.
            if !isTold, at >= silence + 60 {
                isTold = true
                try recognizer.speechBegan(atMilliseconds: silence)
            }
            busy += Self.now - called
            try take()
        }
        let ended = Self.now
        try recognizer.speechEnded(atMilliseconds: milliseconds - silence)
        try recognizer.finish()
        busy += Self.now - ended
        try take()
        while utterance.finalMilliseconds == nil, Self.now < ended + UInt64(patience) * 1_000_000 {
            Self.sleep(until: Self.now + 5_000_000)
            try take()
        }
        utterance.heard = heard.joined(separator: " ")
        utterance.errors = WordErrors(said: utterance.said, heard: utterance.heard)
    }

    private mutating func take() throws(RecognitionError) {
        while let result = try recognizer.nextResult() {
            let since = Int((Self.now - began) / 1_000_000)
            let text = result.transcript.text
            if !text.isEmpty, utterance.firstPartialMilliseconds == nil, since < milliseconds - silence {
                utterance.firstPartialMilliseconds = max(0, since - silence)
            }
            check(result)
            guard result.isFinal else { continue }
            utterance.finalMilliseconds = max(0, since - (milliseconds - silence))
            if !text.isEmpty { heard.append(text) }
        }
    }

    private mutating func check(_ result: RecognitionResult) {
        func wrong(_ what: String) {
            violations.append(.init(rule: .result, detail: "`\(utterance.name)`: \(what)"))
        }
        let confidence = result.transcript.confidence
        if !(0...1).contains(confidence) { wrong("confidence \(confidence)") }
        let (start, end) = (result.startMilliseconds, result.endMilliseconds)
        if start < 0 || end < start || end > milliseconds + 1_000 {
            wrong("from \(start) to \(end) of \(milliseconds) ms")
        }
        for word in result.transcript.words where word.endMilliseconds < word.startMilliseconds {
            wrong("`\(word.text)` from \(word.startMilliseconds) to \(word.endMilliseconds) ms")
        }
    }

    private static func sleep(until deadline: UInt64) {
        let now = now
        guard deadline > now else { return }
        usleep(UInt32((deadline - now) / 1_000))
    }
}
