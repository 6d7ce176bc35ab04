/// How well a text stands for what was said on one channel: measured alike, whoever wrote the text.
public struct TranscriptQuality: Sendable, Equatable, Codable {
    /// Somebody listened and gave an answer, if only an empty one.
    public var isPresent: Bool
    /// Letters and digits.
    public var characters: Int
    /// How long somebody spoke, by the voice activity detector; by the turns' own times without a recording.
    public var speechMilliseconds: Int64
    /// How much of that has text.
    public var coveredMilliseconds: Int64
    /// 0 ... 1; nil when nobody says.
    public var confidence: Double?
    /// Nil when it cannot be told.
    public var languageMatches: Bool?

    public init(
        isPresent: Bool, characters: Int = 0, speechMilliseconds: Int64 = 0, coveredMilliseconds: Int64 = 0,
        confidence: Double? = nil, languageMatches: Bool? = nil
    ) {
        (self.isPresent, self.characters) = (isPresent, max(0, characters))
        self.speechMilliseconds = max(0, speechMilliseconds)
        self.coveredMilliseconds = min(max(0, coveredMilliseconds), self.speechMilliseconds)
        (self.confidence, self.languageMatches) = (confidence, languageMatches)
    }

    /// Nobody listened, or nothing came of it.
    public static let missing = TranscriptQuality(isPresent: false)

    /// Share of the speech that has text; 1 when nobody spoke.
    public var coverage: Double {
        speechMilliseconds == 0 ? 1 : Double(coveredMilliseconds) / Double(speechMilliseconds)
    }

    /// Measures `text`, of which each span says something, against the spans of speech.
    public init(
        text: String, spans: [Span], speech: [Span], confidence: Double? = nil, languageMatches: Bool? = nil
    ) {
        let characters = text.unicodeScalars.count { $0.properties.isAlphabetic || $0.properties.numericType != nil }
        self.init(
            isPresent: true, characters: characters,
            speechMilliseconds: speech.reduce(0) { $0 + $1.milliseconds },
            coveredMilliseconds: Self.overlap(of: speech, with: spans), confidence: confidence,
            languageMatches: languageMatches)
    }

    /// A stretch of the call's clock, in milliseconds.
    public struct Span: Sendable, Equatable, Codable {
        public var start: Int64
        public var end: Int64
        public init(_ start: Int64, _ end: Int64) { (self.start, self.end) = (start, max(start, end)) }
        public var milliseconds: Int64 { end - start }
    }

    /// Detectors and engines do not agree to the tenth of a second on where a word begins.
    static let tolerance: Int64 = 300

    /// How much of `speech` lies in `spans`.
    static func overlap(of speech: [Span], with spans: [Span]) -> Int64 {
        var merged: [Span] = []
        for span in spans.sorted(by: { $0.start < $1.start }) {
            let wide = Span(span.start - tolerance, span.end + tolerance)
            if let last = merged.last, wide.start <= last.end {
                merged[merged.count - 1].end = max(last.end, wide.end)
            } else {
                merged.append(wide)
            }
        }
        return speech.reduce(0) { sum, piece in
            sum + merged.reduce(0) { $0 + max(0, min(piece.end, $1.end) - max(piece.start, $1.start)) }
        }
    }
}
