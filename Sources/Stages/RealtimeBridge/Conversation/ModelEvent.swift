/// What a realtime model said, in the bridge's own words. Audio deltas are not events: they go straight into playout
/// (`Conversation.admit`), only their edges come here.
public enum ModelEvent: Sendable, Equatable {
    case sessionCreated(session: WireID?)
    case sessionUpdated(SessionEcho)
    case responseCreated(response: WireID)
    /// An item joined the history. `previous` is nil at the front, or when the server did not say.
    case itemAdded(item: WireID, role: ItemRole, previous: WireID?)
    /// The server's own voice detection. Times count all audio appended in this session.
    case speechStarted(item: WireID, audioStartMilliseconds: Int64)
    case speechStopped(item: WireID, audioEndMilliseconds: Int64)
    case committed(item: WireID, previous: WireID?)
    case inputTranscript(item: WireID, InputTranscript)
    case outputTranscriptDelta(response: WireID, item: WireID, text: String)
    case outputTranscriptDone(response: WireID, item: WireID, text: String)
    case outputAudioDone(response: WireID, item: WireID)
    /// Taken from `response.output_item.done` only, so that a call is seen once.
    case toolCall(ToolCall)
    case responseDone(ResponseOutcome)
    case truncated(item: WireID, audioEndMilliseconds: Int64)
    case deleted(item: WireID)
    case idleTimeout(item: WireID)
    case error(ModelError)
    /// What writing down the caller's words has cost.
    case transcriptionUsed(ModelUsage)
}

public enum ItemRole: String, Sendable, CaseIterable {
    case user, assistant, system, functionCall, functionOutput, other
}

public enum InputTranscript: Sendable, Equatable {
    case partial(String)
    case final(String)
    case failed(code: String, message: String)
}

public struct ToolCall: Sendable, Equatable {
    public var response: WireID
    public var item: WireID
    public var call: WireID
    public var name: String
    /// JSON text, as the model wrote it.
    public var arguments: String

    public init(response: WireID, item: WireID, call: WireID, name: String, arguments: String) {
        (self.response, self.item, self.call, self.name, self.arguments) = (response, item, call, name, arguments)
    }
}

public struct ResponseOutcome: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable { case completed, cancelled, failed, incomplete, other }

    public var response: WireID
    public var status: Status
    /// `turn_detected`, `client_cancelled`, `max_output_tokens`, `content_filter`, or empty.
    public var reason: String
    /// Code of `status_details.error`, or empty.
    public var errorCode: String
    public var inputTokens: Int
    public var outputTokens: Int
    public var usage: ModelUsage

    public init(
        response: WireID, status: Status, reason: String = "", errorCode: String = "", inputTokens: Int = 0,
        outputTokens: Int = 0, usage: ModelUsage = ModelUsage()
    ) {
        (self.response, self.status, self.reason) = (response, status, reason)
        (self.errorCode, self.inputTokens, self.outputTokens) = (errorCode, inputTokens, outputTokens)
        self.usage = usage
    }
}

/// What `session.updated` says is now in force; the conversation checks it before any audio flows (R3).
public struct SessionEcho: Sendable, Equatable {
    /// `audio/pcmu`, `audio/pcma`, `audio/pcm`; empty when the echo left it out.
    public var inputFormat: String
    public var outputFormat: String
    /// Sample rate named beside `audio/pcm`, or 0.
    public var inputRateHz: Int
    public var outputRateHz: Int
    /// `server_vad`, `semantic_vad`, or nil when turn detection is off.
    public var turnDetection: String?
    public var createResponse: Bool?
    public var interruptResponse: Bool?
    /// Transcription language, when one was echoed.
    public var language: String?
    public var expiresAtUnixSeconds: Int64?
    /// From the echo's arrival to that moment, by whoever has a clock: the conversation has none. Nil: not known.
    public var remainingMilliseconds: Int64?

    public init(
        inputFormat: String, outputFormat: String, inputRateHz: Int = 0, outputRateHz: Int = 0,
        turnDetection: String? = nil, createResponse: Bool? = nil, interruptResponse: Bool? = nil,
        language: String? = nil, expiresAtUnixSeconds: Int64? = nil, remainingMilliseconds: Int64? = nil
    ) {
        (self.inputFormat, self.outputFormat) = (inputFormat, outputFormat)
        (self.inputRateHz, self.outputRateHz) = (inputRateHz, outputRateHz)
        (self.turnDetection, self.createResponse) = (turnDetection, createResponse)
        (self.interruptResponse, self.language) = (interruptResponse, language)
        (self.expiresAtUnixSeconds, self.remainingMilliseconds) = (expiresAtUnixSeconds, remainingMilliseconds)
    }
}

public struct ModelError: Sendable, Equatable {
    public var type: String
    public var code: String
    public var message: String
    public var parameter: String
    /// Our own `event_id`, when the error belongs to one of our messages.
    public var eventID: String

    public init(
        type: String = "", code: String = "", message: String = "", parameter: String = "", eventID: String = ""
    ) {
        (self.type, self.code, self.message, self.parameter, self.eventID) = (type, code, message, parameter, eventID)
    }
}

/// What we ask of the model. The writer in `RealtimeBridge/Model` turns each into one message.
public enum ModelCommand: Sendable, Equatable {
    /// The one `session.update`, from the call's `SessionPrompt`. `optionalFields` false leaves out all that a picky
    /// server may refuse (noise reduction, speed, limits).
    case configure(optionalFields: Bool)
    /// `instructions` nil answers the history as it stands.
    case createResponse(instructions: String?)
    case cancelResponse(response: WireID?)
    case truncate(item: WireID, audioEndMilliseconds: Int64)
    case deleteItem(WireID)
    /// A text item. Server instructions go as `.system`, never as the user's words (R10).
    case createText(role: ItemRole, text: String)
    case toolOutput(call: WireID, output: String)
    case commitInput
    case clearInput
}
