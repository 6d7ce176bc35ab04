/// What happens in the local agent, for whoever shows it. Never one per frame.
public struct LocalAgentEvent: Equatable, Sendable {
    /// As in `session.created`.
    public var session: String
    public var kind: Kind

    public enum Kind: Equatable, Sendable {
        case sessionOpened(model: String)
        /// `text` is empty for speech that fits no phrase. Milliseconds of all audio received.
        case heard(text: String, confidence: Float, startMilliseconds: Int, endMilliseconds: Int)
        case hearingFailed(reason: String)
        /// A response began to speak.
        case speaking(text: String)
        case toolCalled(name: String, arguments: String)
        /// Status and reason as in `response.done`.
        case responseEnded(status: String, reason: String?, text: String)
        case truncated(item: String, milliseconds: Int)
        /// An `error` event was sent.
        case refused(code: String, message: String)
        case sessionClosed
    }

    public init(session: String, kind: Kind) { (self.session, self.kind) = (session, kind) }
}
