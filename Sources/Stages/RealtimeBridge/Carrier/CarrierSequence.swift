/// Watches the numbering of one stream: what is missing, what comes twice, what is not the caller's voice.
///
/// Audio is refused only when every sign the carrier gives says it is old: a number that merely looks odd is counted and
/// its audio still goes to the model.
public struct CarrierSequence: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        /// New audio of the caller. `lostMilliseconds` of audio are missing before it: silence goes in where alignment
        /// matters.
        case forward(lostMilliseconds: Int)
        case drop(Drop)
    }

    public enum Drop: String, Sendable, CaseIterable {
        /// Our own voice (S15).
        case outboundTrack
        /// This audio, or later audio, was here before (S16).
        case old
    }

    /// Frames of 20 ms that the timestamps say were sent and that never came; cause "carrier" (S12).
    public private(set) var lostFrames: Int64 = 0
    /// Messages whose number had been seen before, or is lower than one seen before.
    public private(set) var repeatedMessages: Int64 = 0
    /// Numbers that were left out.
    public private(set) var missingMessages: Int64 = 0
    public private(set) var outboundDropped: Int64 = 0
    public private(set) var oldDropped: Int64 = 0

    private var lastSequence: Int64 = -1
    private var lastTimestamp: Int64 = -1
    /// Where the audio after the newest one must begin, in milliseconds of the stream.
    private var expectedTimestamp: Int64 = -1
    /// One gap counts at most this long: a nonsense timestamp must not make an hour of silence.
    static let longestGapMilliseconds: Int64 = 60_000

    public init() {}

    /// Every message that carries a number, in the order of arrival. Media goes through `accept` instead.
    public mutating func note(_ sequence: Int64?) { _ = isNew(sequence) }

    /// - Parameter bytesPerMillisecond: of the stream's format; 8 for mu-law at 8 kHz.
    public mutating func accept(_ media: CarrierMedia, bytesPerMillisecond: Int) -> Verdict {
        let newNumber = isNew(media.sequence)
        guard media.track == .inbound else {
            outboundDropped += 1
            return .drop(.outboundTrack)
        }
        guard let timestamp = media.timestampMilliseconds else {
            guard newNumber ?? true else { return old() }
            return .forward(lostMilliseconds: 0)
        }
        let isLater = timestamp > lastTimestamp
        guard isLater || newNumber == true else { return old() }
        let duration = Int64(media.byteCount / max(bytesPerMillisecond, 1))
        guard isLater else { return .forward(lostMilliseconds: 0) }
        let gap = expectedTimestamp >= 0 ? max(0, timestamp - expectedTimestamp) : 0
        lastTimestamp = timestamp
        expectedTimestamp = timestamp + duration
        // Timestamps are whole milliseconds of an uneven clock: a few of them are no loss.
        let lost = min((gap + 5) / 20, Self.longestGapMilliseconds / 20)
        lostFrames += lost
        return .forward(lostMilliseconds: Int(lost) * 20)
    }

    /// Nil when the message carries no number.
    private mutating func isNew(_ sequence: Int64?) -> Bool? {
        guard let sequence else { return nil }
        guard sequence > lastSequence else {
            repeatedMessages += 1
            return false
        }
        if lastSequence >= 0 { missingMessages += min(sequence - lastSequence - 1, 1_000_000) }
        lastSequence = sequence
        return true
    }

    private mutating func old() -> Verdict {
        oldDropped += 1
        return .drop(.old)
    }
}
