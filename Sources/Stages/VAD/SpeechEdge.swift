/// A change in who speaks. Milliseconds count back from the end of the frame that brought it.
public enum SpeechEdge: Equatable, Sendable {
    /// Speech began this long ago.
    case onset(startedMillisecondsAgo: Int)
    /// The onset has lasted: it is no click and no cough.
    case sustained
    /// The onset fell silent before it was sustained.
    case lapsed
    /// Sustained speech ended this long ago.
    case offset(endedMillisecondsAgo: Int)
}
