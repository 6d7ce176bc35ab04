/// Turns decisions about single frames into edges of speech.
///
/// Every onset is followed by exactly one of `lapsed`, or `sustained` and in time `offset`, before the next onset; each
/// frame brings one edge at most. Shard thread. Allocates nothing.
public struct SpeechSegmenter: Sendable {
    public let timing: SpeechTiming
    public let frameMilliseconds: Int

    private enum State { case silent, pending, speaking }
    private var state = State.silent
    /// Since the first active frame of what may become, or is, an onset.
    private var sinceStart = 0
    /// Active frames among those; in `silent` less the inactive ones, so that a lone click runs dry.
    private var active = 0
    /// Inactive frames on end.
    private var silence = 0

    public init(timing: SpeechTiming = .init(), frameMilliseconds: Int = 20) {
        precondition(frameMilliseconds > 0, "frameMilliseconds: \(frameMilliseconds)")
        self.timing = timing
        self.frameMilliseconds = frameMilliseconds
    }

    /// An onset has been told and neither its lapse nor its offset.
    public var isInSpeech: Bool { state != .silent }
    /// The onset under way has been sustained.
    public var isSustained: Bool { state == .speaking }

    /// One frame of audio went by.
    public mutating func advance(isSpeech: Bool) -> SpeechEdge? {
        silence = isSpeech ? 0 : silence + frameMilliseconds
        switch state {
        case .silent: return advanceSilent(isSpeech)
        case .pending:
            sinceStart += frameMilliseconds
            if isSpeech { active += frameMilliseconds }
            if isSpeech, active >= timing.sustainedMilliseconds {
                state = .speaking
                return .sustained
            }
            if silence >= timing.lapseMilliseconds {
                become(.silent)
                return .lapsed
            }
            return nil
        case .speaking:
            guard silence >= timing.hangoverMilliseconds, !isSpeech else { return nil }
            let ended = silence
            become(.silent)
            return .offset(endedMillisecondsAgo: ended)
        }
    }

    public mutating func reset() {
        become(.silent)
        silence = 0
    }

    private mutating func advanceSilent(_ isSpeech: Bool) -> SpeechEdge? {
        active = max(0, active + (isSpeech ? frameMilliseconds : -frameMilliseconds))
        guard active > 0 else {
            sinceStart = 0
            return nil
        }
        sinceStart += frameMilliseconds
        guard isSpeech, active >= timing.onsetMilliseconds else { return nil }
        state = .pending
        return .onset(startedMillisecondsAgo: sinceStart)
    }

    private mutating func become(_ next: State) {
        state = next
        (sinceStart, active) = (0, 0)
    }
}
