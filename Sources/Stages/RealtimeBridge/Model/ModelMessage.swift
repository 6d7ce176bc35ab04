public import Conversation

/// One message of a realtime model, in the bridge's own words.
public enum ModelMessage: Sendable, Equatable {
    /// Audio; the bytes are in the parser until its next message (`withAudio`).
    case audio(ModelAudio)
    case event(ModelEvent)
    /// Known, and of no interest to a call.
    case ignored(kind: String)
    /// A type this bridge does not know; to be ignored, and counted once per type (`KindTally`).
    case unknown(type: String)
    case malformed(MessageFault)
}

/// What one piece of model audio belongs to.
public struct ModelAudio: Sendable, Equatable, BitwiseCopyable {
    public var response: WireID
    public var item: WireID
    public var contentIndex: Int
    /// Decoded bytes, in the session's output format.
    public var byteCount: Int

    public init(response: WireID, item: WireID, contentIndex: Int = 0, byteCount: Int) {
        (self.response, self.item) = (response, item)
        (self.contentIndex, self.byteCount) = (contentIndex, byteCount)
    }
}

/// What the adapter of a model's protocol must be able to read.
/// The service holds the concrete type, so that nothing is looked up per message.
public protocol ModelParser: ~Copyable {
    /// Shard thread. Reads one whole WebSocket message; audio stays in the parser until the next one.
    mutating func parse(_ message: Span<UInt8>, isText: Bool) -> ModelMessage
    /// The audio of the message that was read last; empty after any other.
    func withAudio(_ body: (Span<UInt8>) -> Void)
}
