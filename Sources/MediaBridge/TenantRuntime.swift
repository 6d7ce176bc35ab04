import AudioPipeline
import Configuration
import Conversation
import PlugIns
import RealtimeBridge
import VAD

/// What a tenant's calls need, made once at start so that a call only takes it.
struct TenantRuntime: Sendable {
    let tenant: Tenant
    let policy: ConversationPolicy
    let sessionOptions: ModelSessionOptions
    /// How the local detector's frames become edges of speech.
    let speechTiming: SpeechTiming
    /// The chain of addresses, in order; at least one.
    let endpoints: [ModelEndpoint]
    /// What costs are counted in; a label.
    let currency: String
    let fallback: FallbackVoice
    /// What its agents are told, and which revision of that.
    let prompts: PromptEdition
    /// The same for calls outside business hours; nil when there is no difference.
    let promptsWhenClosed: PromptEdition?
    let calendar: TenantCalendar
    /// The detector that the tenant names; nil: the level alone.
    let detector: PluggedDetector?
    /// The recogniser that the tenant names; nil: none.
    let recognizer: PluggedRecognizer?

    var modelFormat: ModelAudioFormat { sessionOptions.audioFormat }
    var pacer: Pacer {
        Pacer(leadMilliseconds: tenant.leadMilliseconds, batchMilliseconds: tenant.downlinkBatchMilliseconds)
    }
    /// Frames that wait until they go to the model in one message.
    var uplinkBatchFrames: Int { max(1, tenant.uplinkBatchMilliseconds / AudioFormat.frameMilliseconds) }

    /// - Throws: when the fallback voice cannot be made.
    init(
        _ tenant: Tenant, model: ModelConfiguration, endpoints: [ModelEndpoint], detector: PluggedDetector? = nil,
        recognizer: PluggedRecognizer? = nil,
        adjustPolicy: ((inout ConversationPolicy) -> Void)? = nil
    ) throws {
        self.tenant = tenant
        (self.detector, self.recognizer) = (detector, recognizer)
        prompts = PromptEdition(tenant: tenant.id, source: tenant.promptSource)
        promptsWhenClosed = tenant.promptSourceWhenClosed.map {
            PromptEdition(tenant: tenant.id, source: $0, isOutsideHours: true)
        }
        self.endpoints = endpoints
        currency = model.prices.currency
        switch tenant.fallback {
        case .wav(let path): fallback = try FallbackVoice(wav: path)
        case .text(let text): fallback = try FallbackVoice(text: text)
        }
        var options = ModelSessionOptions()
        options.audioFormat =
            switch model.audioFormat {
            case .pcmu: .pcmu
            case .pcma: .pcma
            case .pcm24: .pcm24
            }
        options.transcriptionModel = model.transcriptionModel
        var detection = ModelTurnDetection()
        detection.threshold = model.threshold
        detection.prefixPaddingMilliseconds = model.prefixPaddingMilliseconds
        detection.silenceDurationMilliseconds = model.silenceMilliseconds
        detection.createResponse = tenant.turnTaking.turns == .model
        detection.interruptResponse = tenant.turnTaking.turns == .model && tenant.turnTaking.allowInterruptions
        options.turnDetection = detection
        options.remoteServers = tenant.tools.remoteServers.map { server in
            ModelRemoteServer(
                label: server.label, url: server.url, headers: server.headers.map { ($0.name, $0.value.reveal()) },
                allowedTools: server.allowedTools, requiresApproval: server.approval == .always)
        }
        sessionOptions = options
        var policy = tenant.conversationPolicy
        policy.inputFormat = options.audioFormat.rawValue
        policy.outputFormat = options.audioFormat.rawValue
        policy.modelSilenceMilliseconds = Int64(detection.silenceDurationMilliseconds)
        var timing = SpeechTiming()
        timing.sustainedMilliseconds = tenant.turnTaking.confirmationMilliseconds
        speechTiming = timing
        policy.voiceHangoverMilliseconds = Int64(timing.hangoverMilliseconds)
        policy.modelRoutes = endpoints.count
        policy.renewalMilliseconds = Int64(model.renewalMinutes) * 60_000
        policy.prices = model.prices.table
        adjustPolicy?(&policy)
        self.policy = policy
        calendar = TenantCalendar(timeZone: tenant.timeZone)
    }
}
