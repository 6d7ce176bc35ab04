/// How long speech and silence must last to count. All in milliseconds.
public struct SpeechTiming: Sendable, Equatable {
    /// Active frames that make an onset.
    public var onsetMilliseconds = 40
    /// Active speech within an onset that makes it more than a click or a cough.
    public var sustainedMilliseconds = 160
    /// Silence that ends an onset before it was sustained; shorter dips are part of it.
    public var lapseMilliseconds = 80
    /// Silence that ends sustained speech.
    public var hangoverMilliseconds = 300
    /// Audio to keep from before an onset, for whoever transcribes or forwards it.
    public var prerollMilliseconds = 300

    public init() {}
}
