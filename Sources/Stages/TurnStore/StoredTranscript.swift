import Foundation
import GRDB

/// The text of a call that holds, and where it is from.
public struct StoredTranscript: Sendable, Equatable, Encodable {
    public struct Line: Sendable, Equatable, Encodable {
        /// `caller` or `agent`.
        public var speaker: String
        /// On the call's own clock.
        public var startMilliseconds: Int64
        /// Nil when nobody says.
        public var endMilliseconds: Int64?
        public var text: String
    }

    /// `realtime`, `recognizer`, `recording` or `failed`.
    public var source: String
    /// `TranscriptionPolicy.Reason`; nil while nothing was decided: the text that came during the call.
    public var reason: String?
    /// In order; none without text.
    public var lines: [Line]

    /// - Parameters:
    ///   - turns: what came during the call.
    ///   - recognized: what a recogniser heard during the call; it stands in where no turn of a party has text.
    ///   - recording: what was heard in its recording.
    public init(
        turns: [StoredTurn], recognized: [RecognizedWords] = [], recording: [OfflineTranscript],
        decision: TranscriptDecision?
    ) {
        reason = decision?.reason
        var caller =
            decision?.source == .recording ? Self.lines(of: .caller, recording) : Self.lines(of: "caller", turns)
        var isRecognized = false
        if caller.isEmpty, decision?.source != .recording {
            caller = Self.lines(of: .caller, recognized)
            isRecognized = !caller.isEmpty
        }
        // Nobody else was there to hear anything: the turns are a recogniser's.
        if !caller.isEmpty, decision?.source != .recording {
            isRecognized = caller.allSatisfy { line in
                recognized.contains { $0.text == line.text && $0.startMilliseconds == line.startMilliseconds }
            }
        }
        source = isRecognized ? "recognizer" : (decision?.source ?? .realtime).rawValue
        var agent = Self.lines(of: "agent", turns)
        if agent.isEmpty { agent = Self.lines(of: .agent, recognized) }
        if agent.isEmpty { agent = Self.lines(of: .agent, recording) }
        lines = (caller + agent).sorted { $0.startMilliseconds < $1.startMilliseconds }
    }

    /// `Caller: ...` and `Agent: ...`, a line each.
    public var text: String {
        lines.map { "\($0.speaker == "agent" ? "Agent" : "Caller"): \($0.text)" }.joined(separator: "\n")
    }

    private static func lines(of speaker: String, _ turns: [StoredTurn]) -> [Line] {
        turns.filter { $0.speaker == speaker && !$0.text.isEmpty }.map {
            Line(
                speaker: speaker, startMilliseconds: $0.startedAtMilliseconds, endMilliseconds: $0.endedAtMilliseconds,
                text: $0.text)
        }
    }

    private static func lines(of channel: RecognizedWords.Channel, _ heard: [RecognizedWords]) -> [Line] {
        heard.filter { $0.channel == channel }.map {
            Line(
                speaker: channel.rawValue, startMilliseconds: $0.startMilliseconds, endMilliseconds: $0.endMilliseconds,
                text: $0.text)
        }
    }

    private static func lines(of channel: OfflineTranscript.Channel, _ transcripts: [OfflineTranscript]) -> [Line] {
        guard let transcript = transcripts.first(where: { $0.channel == channel }), !transcript.text.isEmpty else {
            return []
        }
        let whole = Line(
            speaker: channel.rawValue, startMilliseconds: 0, endMilliseconds: transcript.audioMilliseconds,
            text: transcript.text)
        guard let json = transcript.segments,
            let segments = try? JSONDecoder().decode([OfflineSegment].self, from: Data(json.utf8)), !segments.isEmpty
        else { return [whole] }
        return segments.map {
            Line(speaker: channel.rawValue, startMilliseconds: $0.start, endMilliseconds: $0.end, text: $0.text)
        }
    }

    static func of(_ call: StoredCall, in database: Database) throws -> StoredTranscript {
        StoredTranscript(
            turns: call.turns, recognized: call.recognized,
            recording: try Transcripts.transcripts(of: call.id, in: database),
            decision: try Transcripts.decision(of: call.id, in: database))
    }
}

/// A piece of an offline transcript, as `OfflineTranscript.segments` holds a list of them. Times are milliseconds on the
/// recording's clock, which for recordings of our own is the call's.
public struct OfflineSegment: Sendable, Equatable, Codable {
    public var start: Int64
    public var end: Int64
    public var text: String
    public init(start: Int64, end: Int64, text: String) { (self.start, self.end, self.text) = (start, end, text) }
}
