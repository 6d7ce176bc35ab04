/// What a check found of a recogniser.
public struct RecognizerReport: Sendable, Codable {
    public struct Violation: Sendable, Codable, Equatable {
        public enum Rule: String, Sendable, Codable {
            /// It threw.
            case failed
            /// Not one final result.
            case silent
            /// Confidence outside 0 ... 1, times that run backwards or lie outside the audio.
            case result
            /// What it heard before `reset` came out afterwards.
            case reset
            /// Slower than the call.
            case late
        }
        public var rule: Rule
        public var detail: String
    }

    public struct Utterance: Sendable, Codable {
        public var name: String
        public var said: String
        public var heard: String
        public var errors: WordErrors
        /// From the first word's begin to the first result with a word, in milliseconds; nil: none came before the end.
        public var firstPartialMilliseconds: Int?
        /// From the end of the words to the final result.
        public var finalMilliseconds: Int?
    }

    public var name: String
    public var sampleRateHz: Int
    public var violations: [Violation] = []
    public var utterances: [Utterance] = []
    /// Its share of the calls' time: 0.1 is ten calls to a core, if it waits for nobody.
    public var realTimeFactor = 0.0

    init(name: String, sampleRateHz: Int) { (self.name, self.sampleRateHz) = (name, sampleRateHz) }

    /// Of one that could not be had at all.
    public init(_ name: String, lost detail: String) {
        self.init(name: name, sampleRateHz: 0)
        violations = [.init(rule: .failed, detail: detail)]
    }

    public var passed: Bool { violations.isEmpty }
    public var errors: WordErrors { utterances.reduce(WordErrors()) { $0 + $1.errors } }

    // MARK: In words and columns

    public var title: String { sampleRateHz > 0 ? "\(name): \(sampleRateHz) Hz" : "\(name): it does not come up" }

    public var verdict: [String] {
        violations.isEmpty
            ? ["all rules of the role were kept"] : violations.map { "broken: \($0.rule.rawValue): \($0.detail)" }
    }

    public static let head = ["utterance", "said", "heard", "errors", "first partial", "final"]
    public var rows: [[String]] {
        utterances.map { utterance in
            [
                utterance.name, utterance.said, utterance.heard,
                "\(utterance.errors.errors) of \(utterance.errors.words)",
                Self.time(utterance.firstPartialMilliseconds), Self.time(utterance.finalMilliseconds),
            ]
        }
    }
    public static let summaryHead = [
        "recogniser", "rules", "word errors", "first partial", "final", "real-time factor",
    ]
    /// Medians.
    public var summaryRow: [String] {
        let tenths = errors.rate.map { ($0 * 1_000).rounded() / 10 }
        return [
            name, passed ? "kept" : "\(violations.count) broken", tenths.map { "\($0) %" } ?? "-",
            Self.time(Self.median(utterances.compactMap(\.firstPartialMilliseconds))),
            Self.time(Self.median(utterances.compactMap(\.finalMilliseconds))),
            sampleRateHz > 0 ? "\((realTimeFactor * 1_000).rounded() / 1_000)" : "-",
        ]
    }

    private static func time(_ milliseconds: Int?) -> String { milliseconds.map { "\($0) ms" } ?? "-" }
    private static func median(_ values: [Int]) -> Int? { values.isEmpty ? nil : values.sorted()[values.count / 2] }
}
