public import Conversation
public import TurnStore

/// Turns the recorded sound of one channel into text, off the call and off every loop.
///
/// It may wait, and is called from one worker's thread at a time per engine value.
public protocol OfflineEngine: AnyObject, Sendable {
    /// Which engine, and its model.
    var name: String { get }
    /// How the sound is to be cut for it.
    var cutting: OfflineCutting { get }
    /// - Parameters:
    ///   - samples: 16 kHz, mono.
    ///   - hints: of the prompt that the call's model was given.
    ///   - phrases: the only ones to be expected, for engines that can be told; empty: any words.
    ///   - isStopping: asked now and then; true ends the wait with `stopped`.
    func transcribe(
        _ samples: [Int16], hints: TranscriptionHints, phrases: [String], isStopping: @Sendable () -> Bool
    ) throws(OfflineFailure) -> OfflineText
}

/// How long the pieces of a channel are. All in milliseconds.
public struct OfflineCutting: Sendable, Equatable {
    /// Longer ones are cut hard.
    public var longest: Int64
    /// A silence of this length ends a piece.
    public var silence: Int64
    public init(longest: Int64, silence: Int64) { (self.longest, self.silence) = (longest, silence) }
}

/// What was heard in one piece of sound. Times count from its beginning.
public struct OfflineText: Sendable, Equatable, Codable {
    public var text: String
    /// As the engine names it.
    public var language: String?
    /// 0 ... 1.
    public var confidence: Double?
    public var segments: [OfflineSegment]

    public init(text: String, language: String? = nil, confidence: Double? = nil, segments: [OfflineSegment] = []) {
        (self.text, self.language, self.confidence, self.segments) = (text, language, confidence, segments)
    }
}

/// Why there is no text. The words are for operators: no personal data.
public enum OfflineFailure: Error, Equatable, Sendable {
    /// May go well later.
    case again(String)
    /// Will not.
    case final(String)
    /// The service stops.
    case stopped
}
