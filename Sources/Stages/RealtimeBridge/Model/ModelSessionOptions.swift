public import AudioPipeline

/// How a realtime session is to be held, apart from what the agent is told (`SessionPrompt`).
public struct ModelSessionOptions: Sendable, Equatable {
    /// Both directions.
    public var audioFormat = ModelAudioFormat.pcmu
    /// The server's voice detection; nil turns it off, and input must be committed by hand.
    public var turnDetection: ModelTurnDetection? = ModelTurnDetection()
    /// Writes down what the caller says; nil: the session has no transcripts of the caller.
    public var transcriptionModel: String? = "gpt-4o-mini-transcribe"
    public var noiseReduction: ModelNoiseReduction?
    /// 1 ... 4,096; nil: no limit.
    public var maximumOutputTokens: Int?
    /// 0.25 ... 1.5; nil: the voice's own.
    public var speed: Double?

    /// Their tools are the provider's to call.
    public var remoteServers: [ModelRemoteServer] = []

    public init() {}
}

/// The audio formats of a realtime session.
public enum ModelAudioFormat: String, Sendable, CaseIterable {
    /// G.711 mu-law at 8 kHz.
    case pcmu = "audio/pcmu"
    /// G.711 A-law at 8 kHz.
    case pcma = "audio/pcma"
    /// 16-bit little-endian PCM at 24 kHz, the only rate there is.
    case pcm24 = "audio/pcm"

    public var audioFormat: AudioFormat {
        switch self {
        case .pcmu: .mulaw8k
        case .pcma: .alaw8k
        case .pcm24: .linear24k
        }
    }

    /// As `session.update` writes it.
    var json: String {
        self == .pcm24 ? #"{"type":"audio/pcm","rate":24000}"# : #"{"type":"\#(rawValue)"}"#
    }
}

/// The server's voice activity detection (`server_vad`). With both flags false it only tells what it hears.
public struct ModelTurnDetection: Sendable, Equatable {
    /// 0 ... 1; nil: the server's default.
    public var threshold: Double?
    public var prefixPaddingMilliseconds = 300
    /// Silence awaited before the caller is taken to have finished.
    public var silenceDurationMilliseconds = 500
    /// The server answers by itself.
    public var createResponse = false
    /// The server cancels its answer by itself when it hears speech.
    public var interruptResponse = false
    /// The server speaks up by itself after this much silence; nil: never.
    public var idleTimeoutMilliseconds: Int?

    public init() {}
}

public enum ModelNoiseReduction: String, Sendable, CaseIterable {
    /// A handset or headset.
    case nearField = "near_field"
    /// A loudspeaker telephone, a room.
    case farField = "far_field"
}
