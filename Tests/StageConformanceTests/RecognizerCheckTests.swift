import AudioPipeline
import PlugIns
import SpeechToText
import Testing

@testable import StageConformance

@Suite struct `The check of a recogniser` {
    private static let known = KnownWords([
        .init(name: "one", words: "hello world", samples: [Int16](repeating: 5_000, count: 8_000)),
        .init(name: "two", words: "good bye", samples: [Int16](repeating: 5_000, count: 8_000)),
    ])

    private func report(_ make: @escaping RecognizerEntry.Factory) throws -> RecognizerReport {
        try RecognizerCheck("under test", Self.known, isPaced: false, patience: 0, make: make).run()
    }
    private func rules(_ fault: Habit) throws -> [RecognizerReport.Violation.Rule] {
        try report { () throws(RecognitionError) in Parrot(fault) }.violations.map(\.rule)
    }

    @Test func `counts errors of a recogniser that keeps the rules`() throws {
        let make = try #require(Stages.recognizers["scripted"]).prepare(
            StageOptions(["texts": "Hello, world!|good buy sir"]))
        let report = try report(make)
        #expect(report.violations == [])
        #expect(report.errors.words == 4 && report.errors.errors == 2)
        #expect(report.rows[0][2] == "Hello, world!" && report.summaryRow[2] == "50.0 %")
        #expect(report.utterances.allSatisfy { $0.finalMilliseconds != nil })
    }

    @Test func `one that throws, one with impossible results, one that remembers`() throws {
        #expect(try rules(.none) == [])
        #expect(try rules(.throwing) == [.failed])
        #expect(try rules(.overconfident).allSatisfy { $0 == .result } && !rules(.overconfident).isEmpty)
        #expect(try rules(.backwards).contains(.result))
        #expect(try rules(.remembering) == [.reset])
        #expect(try rules(.silent) == [.silent])
    }

    @Test(arguments: [
        ("a b c", "a b c", 0), ("a b c", "", 3), ("a b c", "a x c", 1), ("a b c", "a c", 1), ("a b c", "a b b c d", 2),
        ("I'm sorry.", "i'm SORRY", 0),
    ])
    func `word errors`(said: String, heard: String, errors: Int) {
        #expect(WordErrors(said: said, heard: heard).errors == errors)
    }
}

enum Habit: Sendable { case none, throwing, overconfident, backwards, remembering, silent }

/// Says the same for whatever it hears.
private final class Parrot: StreamingRecognizer {
    private let habit: Habit
    private var results: [RecognitionResult] = []
    private var remembered = false
    let sampleRateHz = 8_000

    init(_ habit: Habit) { self.habit = habit }

    func hear(_ audio: Span<Int16>) throws(RecognitionError) {
        if habit == .throwing { throw RecognitionError(.engine, "out of crackers") }
    }
    func speechBegan(atMilliseconds: Int) throws(RecognitionError) {}
    func speechEnded(atMilliseconds end: Int) throws(RecognitionError) {
        if habit == .silent { return }
        let text = Transcript(text: "hello", confidence: habit == .overconfident ? 40 : 0.5)
        results.append(
            RecognitionResult(
                transcript: text, isFinal: true, startMilliseconds: habit == .backwards ? end : 0,
                endMilliseconds: habit == .backwards ? 0 : end))
        remembered = true
    }
    func nextResult() throws(RecognitionError) -> RecognitionResult? { results.isEmpty ? nil : results.removeFirst() }
    func finish() throws(RecognitionError) {
        guard habit == .remembering, remembered, results.isEmpty else { return }
        results.append(
            RecognitionResult(
                transcript: .init(text: "hello", confidence: 0.5), isFinal: true, startMilliseconds: 0,
                endMilliseconds: 1))
    }
    func reset() throws(RecognitionError) { results.removeAll() }
}
