/// What an operator asks of a call that is up.
public enum LiveCallCommand: Sendable, Equatable {
    /// At once, without a word.
    case hangUp
    /// After a goodbye.
    case sayGoodbye
    /// Word for word, or as an instruction to the agent.
    case say(String, isVerbatim: Bool)
    /// To a destination of the tenant's list, by its name.
    case transfer(to: String)
}

/// Where calls live. The composition root is it.
public protocol LiveCalls: AnyObject, Sendable {
    /// Any thread; the call does it in its own time.
    /// - Returns: false when no such call is up here.
    func deliver(_ command: LiveCallCommand, to call: String) -> Bool
}
