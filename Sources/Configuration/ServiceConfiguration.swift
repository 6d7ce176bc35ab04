/// All that a service is told before it starts. Read from one YAML file, or embedded.
public struct ServiceConfiguration: Sendable, Equatable {
    /// What the carrier reaches: webhooks and media streams.
    public var publicListener = PublicListenerConfiguration()
    /// What the operator reaches: metrics, readiness, the API.
    public var adminListener = AdminListenerConfiguration()
    public var model = ModelConfiguration()
    /// The SQLite file.
    public var storePath = "media-bridge.sqlite"
    /// Where records wait while the store cannot be written; nil: beside it.
    public var spoolPath: String?
    public var recordingDirectory = "recordings"
    public var transcription = TranscriptionConfiguration()
    public var journals = JournalConfiguration()
    public var telemetry = TelemetryConfiguration()
    public var limits = LimitConfiguration()
    public var twilio = TwilioConfiguration()
    public var agent = AgentConfiguration()
    /// What is plugged in beside the built-in stages.
    public var stages = PlugInConfiguration()
    public var tenants = [Tenant]()
    /// A folder with one file for each further tenant, absolute; they stand in `tenants` too. Nil: none.
    public var tenantsDirectory: String?
    /// How the shards' threads are scheduled.
    public var scheduling = Scheduling.ordinary

    public enum Scheduling: String, Sendable, CaseIterable {
        case ordinary
        /// SCHED_FIFO and locked memory, asked for at start; a refusal is logged, and the service runs all the same.
        case realtime
    }

    /// Edits of the files are taken while the service runs; off: only on SIGHUP.
    public var watchFiles = true

    public init() {}

    /// The tenant that owns a called number, in E.164. There is no default tenant: another number is nobody's.
    public func tenant(forNumber number: String) -> Tenant? { tenants.first { $0.numbers.contains(number) } }

    /// Sections that are read once, at start, and are not the same in `other`. Tenants and limits are read again.
    public func fixedSections(differingFrom other: ServiceConfiguration) -> [String] {
        [
            ("public", publicListener == other.publicListener), ("admin", adminListener == other.adminListener),
            ("model", model == other.model), ("store", storePath == other.storePath),
            ("recordings", recordingDirectory == other.recordingDirectory), ("journals", journals == other.journals),
            ("telemetry", telemetry == other.telemetry), ("twilio", twilio == other.twilio),
            ("agent", agent == other.agent), ("watchFiles", watchFiles == other.watchFiles),
            ("scheduling", scheduling == other.scheduling), ("stages", stages == other.stages),
            ("limits.drainSeconds", limits.drainSeconds == other.limits.drainSeconds),
        ].filter { !$0.1 }.map(\.0)
    }

    public func tenant(id: String) -> Tenant? { tenants.first { $0.id == id } }
}

public struct TLSFiles: Sendable, Equatable {
    /// PEM files, absolute.
    public var certificate: String
    public var key: String
    public init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }
}

public struct PublicListenerConfiguration: Sendable, Equatable {
    public var host = "127.0.0.1"
    /// 0 takes any free port.
    public var port = 8080
    /// How the carrier names us: scheme, host and port if any, without a slash at the end. Webhook signatures are
    /// computed over it. Nil on loopback only: then `http://host:port`.
    public var publicURL: String?
    /// Nil serves plain, for a proxy in front that ends TLS.
    public var tls: TLSFiles?
    public init() {}
}

public struct AdminListenerConfiguration: Sendable, Equatable {
    public var host = "127.0.0.1"
    public var port = 9090
    /// Bearer token; nil on loopback only.
    public var token: Secret?
    /// Without a token too, calls may be made and steered from this host. They cost money: on only by its name.
    public var callsWithoutToken = false
    public init() {}

    public var isLoopback: Bool { Hosts.isLoopback(host) }
}

public struct ModelConfiguration: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Any server of the OpenAI Realtime protocol, by its URL.
        case openai
        /// The agent inside this service: no account, no key.
        case local
    }
    public enum AudioFormat: String, Sendable, CaseIterable {
        /// G.711 mu-law, 8 kHz; passes through unchanged from the carrier.
        case pcmu
        /// G.711 A-law, 8 kHz.
        case pcma
        /// Linear 16 bits, 24 kHz.
        case pcm24
    }
    public enum TurnDetection: String, Sendable, CaseIterable {
        case serverVAD = "server_vad"
        case semanticVAD = "semantic_vad"
    }

    public var kind = Kind.local
    public var url = "wss://api.openai.com/v1/realtime"
    public var model = "gpt-realtime-2"
    public var apiKey: Secret?
    /// Nil: the key's header for an Azure address, else bearer.
    public var authentication: ModelAddress.Authentication?
    /// Where to go when this address cannot be had, in order.
    public var fallbacks: [ModelAddress] = []
    /// Age at which a session is renewed when the provider does not say when it expires; 0: never.
    public var renewalMinutes = 55
    public var prices = ModelPrices()
    public var connectTimeoutMilliseconds = 10_000
    public var audioFormat = AudioFormat.pcmu
    /// Nil: the caller's words are not transcribed.
    public var transcriptionModel: String? = "gpt-4o-mini-transcribe"
    public var turnDetection = TurnDetection.serverVAD
    /// Of `server_vad` only.
    public var threshold = 0.5
    public var prefixPaddingMilliseconds = 300
    public var silenceMilliseconds = 500
    /// PEM file of authorities to trust instead of the system's.
    public var trustedAuthorities: String?
    public init() {}

    /// The first link of the chain.
    public var address: ModelAddress {
        ModelAddress(url: url, model: model, apiKey: apiKey, authentication: authentication)
    }
    /// Links of the chain.
    public var routeCount: Int { 1 + fallbacks.count }
}

/// Where the journals of calls go, and how long they stay.
public struct JournalConfiguration: Sendable, Equatable {
    public var directory = "journals"
    public var keepDays = 7
    /// All of them together; the oldest go first.
    public var maximumMegabytes = 1_024
    public init() {}
}

public struct TelemetryConfiguration: Sendable, Equatable {
    public enum LogLevel: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }
    public var logLevel = LogLevel.info
    /// One JSON object per line instead of text.
    public var json = false
    public init() {}
}

public struct LimitConfiguration: Sendable, Equatable {
    public var maximumCalls = 200
    /// What this host was measured to carry, and where that is written; nil: not measured, or not to be looked at.
    public var capacity: CapacityFile?
    public var capacityFile: String?
    /// No new call while the frame clock has no slack, whatever the limit says.
    public var refuseWithoutSlack = true
    /// For a tenant that sets none of its own; nil: only `maximumCalls`.
    public var maximumCallsPerTenant: Int?
    /// How long running calls may go on after SIGTERM.
    public var drainSeconds = 120
    public init() {}
}

public struct TwilioConfiguration: Sendable, Equatable {
    /// Off only by its name in the file, for a network nobody else can reach.
    public var verifySignatures = true
    /// Life of a stream token that nobody redeemed.
    public var streamTokenSeconds = 60
    /// Where REST requests go: scheme and host, another for other regions.
    public var apiURL = "https://api.twilio.com"
    /// Hosts that recordings may come from besides the carrier's own: where an account keeps them elsewhere.
    public var mediaHosts = [String]()
    public init() {}
}

/// The local agent.
public struct AgentConfiguration: Sendable, Equatable {
    public struct Chat: Sendable, Equatable {
        public var url: String
        public var model: String
        public var apiKey: Secret?
        public init(url: String, model: String, apiKey: Secret? = nil) {
            (self.url, self.model, self.apiKey) = (url, model, apiKey)
        }
    }
    /// Phrases and answers; nil: the built-in ones.
    public var script: String?
    /// An OpenAI-compatible endpoint that answers what the script does not; nil: the script alone.
    public var chat: Chat?
    public init() {}
}

enum Hosts {
    static func isLoopback(_ host: String) -> Bool {
        // `127.0.0.1.example.com` is a name of somebody's.
        host == "localhost" || host == "::1" || host == "[::1]"
            || (host.hasPrefix("127.") && host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E })
    }
}
