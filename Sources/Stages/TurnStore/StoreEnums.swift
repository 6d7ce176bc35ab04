import Conversation

extension Schema {
    /// A column that holds an enum's words.
    struct Words {
        var table: String
        var column: String
        var words: [String]

        init<Case: RawRepresentable<String> & CaseIterable>(
            _ table: String, _ column: String, _ type: Case.Type, or more: [String] = []
        ) {
            (self.table, self.column, words) = (table, column, type.allCases.map(\.rawValue) + more)
        }
    }

    /// All of them. The tables' checks list the same words, which a test compares.
    static var enums: [Words] {
        [
            Words("calls", "direction", CallDirection.self, or: ["unknown"]),
            Words("turns", "speaker", Turn.Speaker.self),
            Words("turns", "text_source", Turn.Text.self),
            Words("turns", "latency_origin", TurnLatency.Origin.self),
            Words("turns", "heard_by", HeardBy.self),
            Words("holes", "cause", PlayoutHole.Cause.self),
            Words("call_status", "status", CallStatus.self),
            Words("prompts", "direction", CallDirection.self),
            Words("artifacts", "kind", Artifact.Kind.self),
            Words("jobs", "kind", Job.Kind.self),
            Words("jobs", "state", Job.State.self),
            Words("outbox", "event", OutgoingEvent.Kind.self),
            Words("outbox", "state", OutboxEntry.State.self),
            Words("call_requests", "state", CallRequest.State.self),
            Words("call_facts", "fact", OnceFact.self),
            Words("transcripts", "channel", OfflineTranscript.Channel.self),
            Words("recognized", "channel", RecognizedWords.Channel.self),
            Words("transcript_decisions", "source", TranscriptDecision.Source.self),
            Words("audit", "action", AuditAction.self),
        ]
    }
}
