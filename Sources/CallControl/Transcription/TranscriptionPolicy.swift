public import Configuration
public import TurnStore

/// Which text of a call holds: the one that came during it, or the one made from its recording. Pure.
///
/// docs/TRANSCRIPTION_POLICY.md is its table; a test reads it. What is measured is the caller's channel: the agent's
/// words were written before they were spoken.
public struct TranscriptionPolicy: Sendable, Equatable {
    public var when: TranscriptionSettings.When
    public var thresholds: TranscriptionSettings.Thresholds

    public init(_ settings: TranscriptionSettings) { (when, thresholds) = (settings.when, settings.thresholds) }

    /// What a text is worth.
    public enum Grade: String, Sendable, CaseIterable {
        case good
        /// Words, but too few for the speech, or too many; unsure; or in another language.
        case short
        /// Somebody spoke and there are no words.
        case empty
        /// Nobody listened, or that failed.
        case missing
    }

    public enum Reason: String, Sendable, CaseIterable {
        case realtimeIsGood, recordingIsGood, recordingIsFuller, recordingIsNoBetter, onlyTheRecordingHasWords, noWords
    }

    public struct Decision: Sendable, Equatable {
        public var source: TranscriptDecision.Source
        public var reason: Reason
    }

    /// Speech shorter than this is no speech: a click, a breath.
    static let leastSpeechMilliseconds: Int64 = 200
    /// Nobody speaks faster; an engine that repeats itself does.
    static let mostCharactersPerSecond = 40.0

    public func grade(_ quality: TranscriptQuality) -> Grade {
        guard quality.isPresent else { return .missing }
        // Nothing was said: no words are all of it, and words were made up.
        guard quality.speechMilliseconds >= Self.leastSpeechMilliseconds else {
            return quality.characters == 0 ? .good : .short
        }
        guard quality.characters > 0 else { return .empty }
        let density = Double(quality.characters) * 1_000 / Double(quality.speechMilliseconds)
        let isGood =
            quality.coverage >= thresholds.coverage && density >= thresholds.charactersPerSecond
            && density <= Self.mostCharactersPerSecond && (quality.confidence ?? 1) >= thresholds.confidence
            && quality.languageMatches != false
        return isGood ? .good : .short
    }

    /// Whether the recording is to be heard, knowing what came during the call.
    public func runs(realtime: TranscriptQuality) -> Bool {
        switch when {
        case .never: false
        case .always: true
        case .needed: grade(realtime) != .good
        }
    }

    /// - Parameter recording: `.missing` when the offline pass did not run or failed.
    public func decide(realtime: TranscriptQuality, recording: TranscriptQuality) -> Decision {
        switch (grade(realtime), grade(recording)) {
        case (.good, _): Decision(source: .realtime, reason: .realtimeIsGood)
        case (_, .good): Decision(source: .recording, reason: .recordingIsGood)
        case (.short, .short) where Self.isFuller(recording, than: realtime):
            Decision(source: .recording, reason: .recordingIsFuller)
        case (.short, _): Decision(source: .realtime, reason: .recordingIsNoBetter)
        case (_, .short): Decision(source: .recording, reason: .onlyTheRecordingHasWords)
        case (_, _): Decision(source: .failed, reason: .noWords)
        }
    }

    /// Better in something and worse in nothing; what nobody says decides nothing.
    static func isFuller(_ left: TranscriptQuality, than right: TranscriptQuality) -> Bool {
        guard left.characters >= right.characters, left.coverage >= right.coverage,
            left.languageMatches != false || right.languageMatches == false
        else { return false }
        if let ours = left.confidence, let theirs = right.confidence, ours < theirs { return false }
        return left.characters > right.characters || left.coverage > right.coverage
            || left.languageMatches == true && right.languageMatches == false
    }
}
