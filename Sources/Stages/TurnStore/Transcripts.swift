import GRDB

/// What the offline pass heard on one channel of a call.
public struct OfflineTranscript: Sendable, Equatable, Codable {
    public enum Channel: String, Sendable, Codable, CaseIterable { case caller, agent }

    public var call: String
    public var channel: Channel
    public var text: String
    /// Which engine, and its model.
    public var engine: String
    /// As the engine named it.
    public var language: String?
    /// 0 ... 1; nil when the engine does not say.
    public var confidence: Double?
    public var audioMilliseconds: Int64
    /// Of the audio that was transcribed: the same audio is never transcribed twice.
    public var audioSHA256: String?
    /// JSON: pieces with their times, when the engine gives them.
    public var segments: String?
    public var madeAtUnixMilliseconds: Int64

    public init(
        call: String, channel: Channel, text: String, engine: String, language: String? = nil,
        confidence: Double? = nil, audioMilliseconds: Int64, audioSHA256: String? = nil, segments: String? = nil,
        madeAtUnixMilliseconds: Int64
    ) {
        (self.call, self.channel, self.text, self.engine) = (call, channel, text, engine)
        (self.language, self.confidence, self.audioMilliseconds) = (language, confidence, audioMilliseconds)
        (self.audioSHA256, self.segments) = (audioSHA256, segments)
        self.madeAtUnixMilliseconds = madeAtUnixMilliseconds
    }
}

/// Which text of a call holds, and why.
public struct TranscriptDecision: Sendable, Equatable, Codable {
    public enum Source: String, Sendable, Codable, CaseIterable { case realtime, recording, failed }

    public var call: String
    public var source: Source
    public var reason: String
    /// JSON, each side as the policy measured it.
    public var realtimeQuality: String?
    public var recordingQuality: String?
    public var decidedAtUnixMilliseconds: Int64

    public init(
        call: String, source: Source, reason: String, realtimeQuality: String? = nil, recordingQuality: String? = nil,
        decidedAtUnixMilliseconds: Int64
    ) {
        (self.call, self.source, self.reason) = (call, source, reason)
        (self.realtimeQuality, self.recordingQuality) = (realtimeQuality, recordingQuality)
        self.decidedAtUnixMilliseconds = decidedAtUnixMilliseconds
    }
}

/// Reads the tables of the offline pass. Written by `JobQueue.complete` alone.
public struct Transcripts: Sendable {
    let access: StoreAccess

    /// By channel.
    public func of(call: String) throws(StoreError) -> [OfflineTranscript] {
        try access.read { try Self.transcripts(of: call, in: $0) }
    }

    /// Nil while nothing was decided.
    public func decision(call: String) throws(StoreError) -> TranscriptDecision? {
        try access.read { try Self.decision(of: call, in: $0) }
    }

    static func transcripts(of call: String, in database: Database) throws -> [OfflineTranscript] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM transcripts WHERE call = ? ORDER BY channel DESC", arguments: [call]
        ).compactMap { row in
            guard let channel = OfflineTranscript.Channel(rawValue: row["channel"]) else { return nil }
            return OfflineTranscript(
                call: row["call"], channel: channel, text: row["text"], engine: row["engine"],
                language: row["language"], confidence: row["confidence"], audioMilliseconds: row["audio_ms"],
                audioSHA256: row["audio_sha256"], segments: row["segments"], madeAtUnixMilliseconds: row["made_ms"])
        }
    }

    static func decision(of call: String, in database: Database) throws -> TranscriptDecision? {
        try Row.fetchOne(database, sql: "SELECT * FROM transcript_decisions WHERE call = ?", arguments: [call])
            .flatMap { row in
                guard let source = TranscriptDecision.Source(rawValue: row["source"]) else { return nil }
                return TranscriptDecision(
                    call: row["call"], source: source, reason: row["reason"],
                    realtimeQuality: row["realtime_quality"], recordingQuality: row["recording_quality"],
                    decidedAtUnixMilliseconds: row["decided_ms"])
            }
    }

    static func write(_ transcript: OfflineTranscript, to database: Database) throws {
        try RecordWriting.run(
            database,
            """
            INSERT OR REPLACE INTO transcripts (call, channel, text, engine, language, confidence, audio_ms,
                audio_sha256, segments, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                transcript.call, transcript.channel.rawValue, transcript.text, transcript.engine, transcript.language,
                transcript.confidence, transcript.audioMilliseconds, transcript.audioSHA256, transcript.segments,
                transcript.madeAtUnixMilliseconds,
            ])
    }

    static func write(_ decision: TranscriptDecision, to database: Database) throws {
        try RecordWriting.run(
            database,
            """
            INSERT OR REPLACE INTO transcript_decisions (call, source, reason, realtime_quality, recording_quality,
                decided_ms) VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                decision.call, decision.source.rawValue, decision.reason, decision.realtimeQuality,
                decision.recordingQuality, decision.decidedAtUnixMilliseconds,
            ])
    }
}
