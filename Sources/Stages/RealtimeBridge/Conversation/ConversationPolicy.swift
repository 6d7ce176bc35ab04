/// How one tenant wants its calls held. All times in milliseconds.
public struct ConversationPolicy: Sendable, Equatable {
    public init() {}
}
