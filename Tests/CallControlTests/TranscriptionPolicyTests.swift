import Configuration
import Foundation
import Testing
import TurnStore

@testable import CallControl

/// S68: which text of a call holds, cell by cell and as properties.
@Suite struct `Transcription policy` {
    private typealias Grade = TranscriptionPolicy.Grade

    private static func policy(_ when: TranscriptionSettings.When = .needed) -> TranscriptionPolicy {
        var settings = TranscriptionSettings()
        settings.when = when
        return TranscriptionPolicy(settings)
    }

    /// The rows of the table that begins with this heading row.
    private static func table(_ heading: String) throws -> [[String]] {
        var root = URL(fileURLWithPath: #filePath)
        while root.lastPathComponent != "Tests" { root.deleteLastPathComponent() }
        root.deleteLastPathComponent()
        let text = try String(
            contentsOf: root.appendingPathComponent("docs/TRANSCRIPTION_POLICY.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix(heading) }, "no table \(heading)")
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// A text of that grade; several, for a grade is not one number.
    private static func examples(_ grade: Grade) -> [TranscriptQuality] {
        switch grade {
        case .good:
            [
                .init(
                    isPresent: true, characters: 120, speechMilliseconds: 10_000, coveredMilliseconds: 9_000,
                    confidence: 0.8, languageMatches: true),
                .init(isPresent: true, characters: 20, speechMilliseconds: 10_000, coveredMilliseconds: 6_000),
                .init(isPresent: true, speechMilliseconds: 100),
            ]
        case .short:
            [
                .init(isPresent: true, characters: 60, speechMilliseconds: 10_000, coveredMilliseconds: 5_900),
                .init(isPresent: true, characters: 19, speechMilliseconds: 10_000, coveredMilliseconds: 10_000),
                .init(isPresent: true, characters: 401, speechMilliseconds: 10_000, coveredMilliseconds: 10_000),
                .init(
                    isPresent: true, characters: 120, speechMilliseconds: 10_000, coveredMilliseconds: 10_000,
                    confidence: 0.3),
                .init(
                    isPresent: true, characters: 120, speechMilliseconds: 10_000, coveredMilliseconds: 10_000,
                    languageMatches: false),
                .init(isPresent: true, characters: 12, speechMilliseconds: 100),
            ]
        case .empty: [.init(isPresent: true, speechMilliseconds: 10_000)]
        case .missing: [.missing, .init(isPresent: false, speechMilliseconds: 10_000)]
        }
    }

    @Test func `S68 every grade has the examples that the document says`() {
        for grade in Grade.allCases {
            for example in Self.examples(grade) { #expect(Self.policy().grade(example) == grade, "\(example)") }
        }
    }

    @Test func `S68 each cell of realtime and recording is decided as docs/TRANSCRIPTION_POLICY.md says`() throws {
        let rows = try Self.table("| realtime | recording |")
        var seen: Set<[String]> = []
        for row in rows {
            try #require(row.count == 4)
            let realtime = try #require(Grade(rawValue: row[0]))
            let isFuller = row[1] == "short, fuller"
            let recording = try #require(Grade(rawValue: isFuller ? "short" : row[1]))
            #expect(seen.insert([row[0], row[1]]).inserted)
            for first in Self.examples(realtime) {
                for second in Self.examples(recording)
                where realtime != .short || recording != .short
                    || TranscriptionPolicy.isFuller(second, than: first) == isFuller
                {
                    let decision = Self.policy().decide(realtime: first, recording: second)
                    #expect(decision.source.rawValue == row[2], "\(row)")
                    #expect(decision.reason.rawValue == row[3], "\(row)")
                }
            }
        }
        #expect(seen.count == 17)  // 4 x 4, and one cell in two.
        #expect(Set(rows.map { $0[3] }) == Set(TranscriptionPolicy.Reason.allCases.map(\.rawValue)))
    }

    @Test func `S68 the recording is heard when docs/TRANSCRIPTION_POLICY.md says`() throws {
        let rows = try Self.table("| `when` |")
        #expect(rows.map { $0[0] } == TranscriptionSettings.When.allCases.map(\.rawValue))
        for row in rows {
            let when = try #require(TranscriptionSettings.When(rawValue: row[0]))
            for (column, grade) in [Grade.good, .short, .empty, .missing].enumerated() {
                for example in Self.examples(grade) {
                    #expect(Self.policy(when).runs(realtime: example) == (row[column + 1] == "yes"), "\(row) \(grade)")
                }
            }
        }
    }

    @Test func `the thresholds in the document are the defaults`() throws {
        let rows = try Self.table("| grade | when |").map { $0.joined(separator: " ") }
        let thresholds = TranscriptionSettings.Thresholds()
        let line = try #require(rows.first { $0.contains("minimumCoverage") })
        #expect(line.contains("(\(thresholds.coverage))") && line.contains("(\(thresholds.confidence))"))
        #expect(line.contains("(\(Int(thresholds.charactersPerSecond))) to 40"))
        #expect(Int(TranscriptionPolicy.mostCharactersPerSecond) == 40)
        #expect(rows.allSatisfy { !$0.contains("nobody spoke") || $0.contains("200 ms") })
        #expect(TranscriptionPolicy.leastSpeechMilliseconds == 200)
    }

    // MARK: Properties

    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let mixed = (state ^ state >> 33) &* 0xff51_afd7_ed55_8ccd
            return mixed ^ mixed >> 33
        }
    }

    /// Any text of a call whose caller spoke that long.
    private static func text(speech: Int64, _ dice: inout Dice) -> TranscriptQuality {
        guard Int.random(in: 0..<8, using: &dice) > 0 else { return .missing }
        let characters = Int.random(in: 0..<6, using: &dice) == 0 ? 0 : Int.random(in: 0...900, using: &dice)
        return TranscriptQuality(
            isPresent: true, characters: characters, speechMilliseconds: speech,
            coveredMilliseconds: characters == 0 ? 0 : Int64.random(in: 0...max(1, speech), using: &dice),
            confidence: Bool.random(using: &dice) ? nil : Double.random(in: 0...1, using: &dice),
            languageMatches: [nil, true, false].randomElement(using: &dice) ?? nil)
    }

    @Test func `S68 no good text is replaced, no empty one replaces, and what replaces is better in something`() {
        var dice = Dice(state: 68)
        let policy = Self.policy()
        for _ in 0..<50_000 {
            let speech = Int64.random(in: 0...30_000, using: &dice)
            let (realtime, recording) = (Self.text(speech: speech, &dice), Self.text(speech: speech, &dice))
            let decision = policy.decide(realtime: realtime, recording: recording)
            let grades = (policy.grade(realtime), policy.grade(recording))
            if grades.0 == .good { #expect(decision.source == .realtime) }
            if decision.source == .recording {
                #expect(grades.1 == .good || grades.1 == .short)
                #expect(recording.characters > 0 || speech < TranscriptionPolicy.leastSpeechMilliseconds)
                if grades.0 == .short, grades.1 == .short {
                    #expect(recording.characters >= realtime.characters && recording.coverage >= realtime.coverage)
                }
            }
            // `failed` means that there are no words at all, and nothing else does.
            let hasWords = [realtime, recording].contains { [.good, .short].contains(policy.grade($0)) }
            #expect((decision.source == .failed) == !hasWords)
        }
    }

    @Test func `S68 the decision is monotone: a better recording never loses what a worse one had won`() {
        var dice = Dice(state: 69)
        let policy = Self.policy()
        for _ in 0..<50_000 {
            let speech = Int64.random(in: 1_000...30_000, using: &dice)
            let realtime = Self.text(speech: speech, &dice), recording = Self.text(speech: speech, &dice)
            guard recording.isPresent, recording.characters > 0 else { continue }
            var better = recording
            let room = Int(Double(speech) / 1_000 * TranscriptionPolicy.mostCharactersPerSecond)
            better.characters = max(recording.characters, min(room, recording.characters + 40))
            better.coveredMilliseconds = min(speech, recording.coveredMilliseconds + 2_000)
            better.confidence = recording.confidence.map { min(1, $0 + 0.2) }
            if better.languageMatches == false { better.languageMatches = true }
            let before = policy.decide(realtime: realtime, recording: recording)
            let after = policy.decide(realtime: realtime, recording: better)
            if before.source == .recording { #expect(after.source == .recording, "\(realtime) \(recording)") }
            // And the other way round: a better realtime text is not replaced where a worse one was not.
            if policy.decide(realtime: recording, recording: realtime).source == .realtime {
                #expect(policy.decide(realtime: better, recording: realtime).source == .realtime)
            }
        }
    }

    // MARK: What is measured

    @Test func `coverage is speech near to text, each millisecond once`() {
        let quality = TranscriptQuality(
            text: "Hello, 2 of us.", spans: [.init(1_000, 2_000), .init(1_500, 2_200), .init(8_000, 9_000)],
            speech: [.init(0, 1_000), .init(1_200, 2_400), .init(5_000, 6_000)])
        #expect(quality.characters == 10)
        #expect(quality.speechMilliseconds == 3_200)
        #expect(quality.coveredMilliseconds == 300 + 1_200)
        #expect(TranscriptQuality(text: "", spans: [], speech: []).coverage == 1)
    }

    @Test(
        arguments: [
            ("Good morning, doctor", "en", nil, true), ("שלום, מה שלומך היום", "he", nil, true),
            ("Shalom, how are you", "he", nil, false), ("Good morning", "en", "english", true),
            ("Guten Morgen allerseits", "en", "german", false), ("Guten Morgen allerseits", "de", "de-DE", true),
            ("Bonjour tout le monde", "en", nil, true), ("ok", "he", nil, nil), ("", "en", nil, nil),
            ("مرحبا كيف حالك", "ar", "arabic", true), ("привет как дела", "ru", nil, true),
        ] as [(String, String, String?, Bool?)]) func `the language is the engine's word, else the script`(
            text: String, language: String, named: String?, expected: Bool?
        )
    {
        #expect(TranscriptLanguage.matches(text, language: language, named: named) == expected)
    }
}
