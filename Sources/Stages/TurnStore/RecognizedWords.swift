import GRDB

/// What a recogniser beside the model, or in its place, made of one utterance while the call was up.
public struct RecognizedWords: Sendable, Equatable, Encodable {
    public enum Channel: String, Sendable, Codable, CaseIterable { case caller, agent }

    public var call: String
    /// Whose words they are.
    public var channel: Channel
    /// Its name in the configuration: the words' source.
    public var recognizer: String
    public var text: String
    /// 0 ... 1, comparable within one recogniser; nil when it does not say.
    public var confidence: Double?
    /// On the call's own clock.
    public var startMilliseconds: Int64
    public var endMilliseconds: Int64
    /// JSON, a list of `word`, `start` and `end`; nil when the recogniser gives none.
    public var words: String?
    public var heardAtUnixMilliseconds: Int64

    public init(
        call: String, channel: Channel, recognizer: String, text: String, confidence: Double? = nil,
        startMilliseconds: Int64, endMilliseconds: Int64, words: String? = nil, heardAtUnixMilliseconds: Int64
    ) {
        (self.call, self.channel, self.recognizer, self.text) = (call, channel, recognizer, text)
        (self.confidence, self.words) = (confidence, words)
        (self.startMilliseconds, self.endMilliseconds) = (startMilliseconds, endMilliseconds)
        self.heardAtUnixMilliseconds = heardAtUnixMilliseconds
    }

    /// The same twice is one. Of a call that is not there, or not any more, nothing is kept: nobody's words come back after
    /// an erasure.
    static func write(_ heard: RecognizedWords, to database: Database) throws {
        try RecordWriting.run(
            database,
            """
            INSERT INTO recognized (call, channel, recognizer, text, confidence, start_ms, end_ms, words, heard_ms)
            SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM calls WHERE id = ?)
            ON CONFLICT DO NOTHING
            """,
            [
                heard.call, heard.channel.rawValue, heard.recognizer, heard.text, heard.confidence,
                heard.startMilliseconds, heard.endMilliseconds, heard.words, heard.heardAtUnixMilliseconds, heard.call,
            ])
    }

    /// In the order in which they were said.
    static func of(_ call: String, in database: Database) throws -> [RecognizedWords] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM recognized WHERE call = ? ORDER BY start_ms, end_ms, heard_ms, channel",
            arguments: [call]
        ).compactMap { row in
            guard let channel = Channel(rawValue: row["channel"]) else { return nil }
            return RecognizedWords(
                call: row["call"], channel: channel, recognizer: row["recognizer"], text: row["text"],
                confidence: row["confidence"], startMilliseconds: row["start_ms"], endMilliseconds: row["end_ms"],
                words: row["words"], heardAtUnixMilliseconds: row["heard_ms"])
        }
    }
}
