public import SpeechToText
public import Transport

/// How a local agent serves.
public struct LocalAgentOptions: Sendable {
    public var host = "127.0.0.1"
    /// 0 takes a free one.
    public var port = 0
    /// Nil serves plain.
    public var tls: TLSIdentity?
    /// Clients must send it as their bearer token; nil lets everybody in.
    public var apiKey: String?
    public var script = DefaultScript.script
    /// Answers instead of the script when set; the script's phrases are still all that is understood of speech.
    public var chat: ChatEndpoint?
    /// Audio is sent this many times faster than it plays; 1 ... 1,000.
    public var paceFactor = 5.0
    /// Length of one audio delta, 20 ... 1,000.
    public var deltaMilliseconds = 200
    public var voice: any SpeechVoice = FliteVoice()
    public var speechModel = PocketsphinxModel()
    /// Made once per hearing thread, on that thread; nil takes pocketsphinx with the script's phrases.
    public var makeRecognizer: (@Sendable () throws -> any SpeechRecognizer)?
    /// Utterances recognized at the same time; each costs some 30 MB.
    public var hearingThreads = 2
    public var maximumSessions = 256
    /// Names of models that clients may ask for; others are told `model_not_found`. Empty lets every name in.
    public var models: [String] = []
    /// After this long a session is told `session_expired` and closed, as `expires_at` has announced; 1 ... 86,400.
    public var sessionSeconds = 3_600

    public init() {}
}

/// Why the local agent cannot serve, in a sentence a person can act on.
public struct LocalAgentError: Error, Equatable, Sendable, CustomStringConvertible {
    public let message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}

/// Hears what happens, on a thread of the agent: it must not block.
public typealias LocalAgentObserver = @Sendable (LocalAgentEvent) -> Void
