/// What a recognizer made of an utterance.
public struct Transcript: Equatable, Sendable {
    /// Words separated by single spaces; empty when nothing was understood.
    public var text: String
    /// 0 ... 1; 0 when `text` is empty. Comparable within one engine only.
    public var confidence: Float
    /// In order; empty when the engine gives none.
    public var words: [Word]

    public init(text: String, confidence: Float, words: [Word] = []) {
        (self.text, self.confidence, self.words) = (text, confidence, words)
    }

    /// Speech that fits nothing the engine knows.
    public static let unknown = Transcript(text: "", confidence: 0)

    public struct Word: Equatable, Sendable {
        public var text: String
        /// From the start of the utterance, inclusive and exclusive.
        public var startMilliseconds: Int, endMilliseconds: Int

        public init(text: String, startMilliseconds: Int, endMilliseconds: Int) {
            self.text = text
            (self.startMilliseconds, self.endMilliseconds) = (startMilliseconds, endMilliseconds)
        }
    }
}
