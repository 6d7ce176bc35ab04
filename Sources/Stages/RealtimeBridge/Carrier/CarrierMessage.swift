public import AudioPipeline
public import Conversation

/// One message of a carrier's media stream, in the bridge's own words.
public enum CarrierMessage: Sendable, Equatable {
    /// The socket is up; says nothing about a call yet.
    case connected
    case start(CarrierStart)
    /// Audio; the bytes are in the parser until its next message (`withAudio`).
    case media(CarrierMedia)
    /// A key of the caller: `0`-`9`, `*`, `#`, `A`-`D`, in ASCII.
    case dtmf(digit: UInt8, sequence: Int64?)
    /// Everything queued before the mark was played, or cleared. Nil: the name is not one of ours.
    case mark(PlaybackMark?, sequence: Int64?)
    /// Queued audio was dropped, for carriers that say so instead of echoing marks.
    case cleared
    case stop(sequence: Int64?)
    /// A kind this bridge does not know; to be ignored, and counted once per kind (`KindTally`).
    case unknown(kind: String, sequence: Int64?)
    case malformed(MessageFault)
}

/// The beginning of a media stream.
public struct CarrierStart: Sendable, Equatable {
    public var stream: WireID
    public var call: WireID
    public var account: WireID?
    public var tracks: [CarrierTrack]
    /// What our own answer to the carrier attached to the stream.
    public var customParameters: [String: String]
    public var format: AudioFormat
    public var sequence: Int64?

    public init(
        stream: WireID, call: WireID, account: WireID? = nil, tracks: [CarrierTrack] = [.inbound],
        customParameters: [String: String] = [:], format: AudioFormat = .mulaw8k, sequence: Int64? = nil
    ) {
        (self.stream, self.call, self.account, self.tracks) = (stream, call, account, tracks)
        (self.customParameters, self.format, self.sequence) = (customParameters, format, sequence)
    }
}

/// Whose voice a piece of audio is, seen from the carrier.
public enum CarrierTrack: Sendable, Equatable, BitwiseCopyable {
    /// What the caller says.
    case inbound
    /// What the carrier plays to the caller: our own voice, never to be fed to the model (S15).
    case outbound
}

/// Where one piece of carrier audio belongs.
public struct CarrierMedia: Sendable, Equatable, BitwiseCopyable {
    public var track: CarrierTrack
    /// Position among all messages of the stream, when the carrier said so.
    public var sequence: Int64?
    /// Position among the audio messages.
    public var chunk: Int64?
    /// Milliseconds since the stream began.
    public var timestampMilliseconds: Int64?
    /// Decoded bytes of audio in this message.
    public var byteCount: Int

    public init(
        track: CarrierTrack = .inbound, sequence: Int64? = nil, chunk: Int64? = nil,
        timestampMilliseconds: Int64? = nil, byteCount: Int
    ) {
        (self.track, self.sequence, self.chunk) = (track, sequence, chunk)
        (self.timestampMilliseconds, self.byteCount) = (timestampMilliseconds, byteCount)
    }
}
