public import Conversation

/// One customer of the service: its numbers, its credentials, its agent's words.
public struct Tenant: Sendable, Equatable {
    /// What the caller hears when there is no model. One of the two is always set.
    public enum Fallback: Sendable, Equatable {
        /// A WAV file, absolute path.
        case wav(String)
        /// Spoken once at start (English), or by the carrier in the tenant's language.
        case text(String)
    }
    /// What is written down of each call, to be replayed.
    public enum Journal: String, Sendable, CaseIterable {
        case off
        /// All that the conversation was told and decided: words, times, tool results.
        case on
        /// That, and both sides' audio as the local voice detector had it.
        case audio
    }
    public enum RecordingFormat: String, Sendable, CaseIterable { case wav, opus, both }

    public var id: String
    /// E.164, at least one, each in one tenant only.
    public var numbers: [String]
    public var accountSid: String
    /// Twilio's primary auth token of that account: signs its webhooks. Nil only when signatures are not verified.
    public var authToken: Secret?
    /// Twilio's shared key, for accounts that sign with HMAC-SHA256; nil: then too the auth token.
    public var webhookKey: Secret?
    public var inbound: PromptSource.Script?
    public var outbound: PromptSource.Script?
    /// ISO 639-1.
    public var language = "en"
    public var voice = "marin"
    /// IANA, for example `Asia/Jerusalem`.
    public var timeZone = "UTC"
    /// Nil: always open.
    public var hours: BusinessHours?
    public var fallback: Fallback
    public var recordingEnabled = false
    public var recordingFormat = RecordingFormat.wav
    public var recording = RecordingSettings()
    public var transcription = TranscriptionSettings()
    public var journal = Journal.off
    public var retention = RetentionSettings()
    public var maximumMinutes = 60
    public var turnTaking = TurnTaking()
    public var tools = TenantTools()
    public var prompts = PromptSettings()
    /// The tenant's own webhook; nil: it has none.
    public var events: EventSettings?
    /// The voice activity detector, by its name in `media-bridge stages`.
    public var vad = "energy"
    /// What its calls are for.
    public var mode = ConversationPolicy.Mode.agent
    /// A recogniser that listens to the caller beside the model, by its name in `media-bridge stages`; empty: none.
    public var recognizer = ""
    /// The agent's own echo on the caller's line is no speech of the caller's.
    public var echoAware = true
    /// Caller's audio per message to the model: 20, 40, 60 or 100.
    public var uplinkBatchMilliseconds = 20
    /// Agent's audio per message to the carrier: 20, 40, 60 or 100.
    public var downlinkBatchMilliseconds = 20
    /// How far the carrier's buffer is kept ahead of the caller's ear.
    public var leadMilliseconds = 160
    /// Tokens of all kinds that one call may use; nil: no limit.
    public var maximumTokens: Int?
    /// Millionths of the currency's unit that one call may cost; nil: no limit.
    public var maximumCostMicros: Int64?
    /// The model's session is opened when the call is announced, so that the greeting waits for nobody.
    public var warmSession = false
    public var dialling = DiallingSettings()
    /// Calls at a time; nil: `limits.maximumCallsPerTenant`.
    public var maximumCalls: Int?

    public init(id: String, numbers: [String], accountSid: String, authToken: Secret?, fallback: Fallback) {
        (self.id, self.numbers, self.accountSid) = (id, numbers, accountSid)
        (self.authToken, self.fallback) = (authToken, fallback)
    }

    /// What prompts are made of.
    public var promptSource: PromptSource {
        PromptSource(
            inbound: noticed(inbound), outbound: noticed(outbound), language: language, voice: voice,
            timeZone: timeZone,
            tools: toolDefinitions, vocabulary: prompts.vocabulary, languageRules: prompts.languageRules)
    }

    /// How this tenant's calls are held, as far as the file says; formats are the composition root's.
    public var conversationPolicy: ConversationPolicy {
        var policy = ConversationPolicy()
        turnTaking.apply(to: &policy)
        policy.mode = mode
        // What was said last is on its way through a recogniser, which has three seconds for it.
        if mode == .transcribe { policy.transcriptGraceMilliseconds = 4_000 }
        policy.maximumDurationMilliseconds = Int64(maximumMinutes) * 60_000
        policy.maximumTokens = maximumTokens.map(Int64.init)
        policy.maximumCostMicros = maximumCostMicros
        // Rings out, may take the carrier a few seconds more, and is reported.
        if !tools.transfer.destinations.isEmpty {
            policy.errandMilliseconds = Int64(tools.transfer.ringSeconds) * 1_000 + 25_000
        }
        policy.transferWhenModelUnavailable = tools.transfer.whenModelUnavailable ?? ""
        if case .text(let text) = fallback { policy.fallbackText = text }
        return policy
    }
}
