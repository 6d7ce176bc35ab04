/// The server events of the OpenAI Realtime API that this bridge knows, under their present names and those of the
/// retired beta, which compatible servers still speak.
/// - Source: types of the Python SDK `openai` 3.54.0.
enum OpenAIEventKind: Sendable, Equatable {
    case sessionCreated, sessionUpdated
    case itemAdded, itemDeleted, itemTruncated
    case speechStarted, speechStopped, committed, timeoutTriggered
    case inputTranscriptDelta, inputTranscriptCompleted, inputTranscriptFailed
    case responseCreated, responseDone, outputItemDone
    case outputAudioDelta, outputAudioDone
    case outputTranscriptDelta, outputTranscriptDone
    case error
    /// Nothing a call acts on. Carries the name.
    case ignored(String)

    init?(type: String) {
        switch type {
        case "session.created": self = .sessionCreated
        case "session.updated": self = .sessionUpdated
        case "conversation.item.added", "conversation.item.created": self = .itemAdded
        case "conversation.item.deleted": self = .itemDeleted
        case "conversation.item.truncated": self = .itemTruncated
        case "input_audio_buffer.speech_started": self = .speechStarted
        case "input_audio_buffer.speech_stopped": self = .speechStopped
        case "input_audio_buffer.committed": self = .committed
        case "input_audio_buffer.timeout_triggered": self = .timeoutTriggered
        case "conversation.item.input_audio_transcription.delta": self = .inputTranscriptDelta
        case "conversation.item.input_audio_transcription.completed": self = .inputTranscriptCompleted
        case "conversation.item.input_audio_transcription.failed": self = .inputTranscriptFailed
        case "response.created": self = .responseCreated
        case "response.done": self = .responseDone
        case "response.output_item.done": self = .outputItemDone
        case "response.output_audio.delta", "response.audio.delta": self = .outputAudioDelta
        case "response.output_audio.done", "response.audio.done": self = .outputAudioDone
        case "response.output_audio_transcript.delta", "response.audio_transcript.delta":
            self = .outputTranscriptDelta
        case "response.output_audio_transcript.done", "response.audio_transcript.done": self = .outputTranscriptDone
        case "error": self = .error
        default:
            guard let name = Self.ignoredTypes.first(where: { $0 == type }) else { return nil }
            self = .ignored(name)
        }
    }

    /// Known and not acted on: either another event says the same, or only other transports and features have them.
    static let ignoredTypes = [
        "conversation.created",
        "conversation.item.done",
        "conversation.item.retrieved",
        "conversation.item.input_audio_transcription.segment",
        "input_audio_buffer.cleared",
        "input_audio_buffer.dtmf_event_received",
        "response.output_item.added",
        "response.content_part.added",
        "response.content_part.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.text.delta",
        "response.text.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.mcp_call.failed",
        "mcp_list_tools.in_progress",
        "mcp_list_tools.completed",
        "mcp_list_tools.failed",
        "rate_limits.updated",
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
        "output_audio_buffer.cleared",
        "transcription_session.created",
        "transcription_session.updated",
    ]
}
