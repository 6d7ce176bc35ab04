public import Conversation

/// What one carrier's adapter must be able to read: start, audio, keys, marks, cleared, stop.
/// The service holds the concrete type of each `CarrierKind` it accepts, so that nothing is looked up per frame.
public protocol CarrierParser: ~Copyable {
    /// Shard thread. Reads one whole WebSocket message; audio stays in the parser until the next one.
    mutating func parse(_ message: Span<UInt8>, isText: Bool) -> CarrierMessage
    /// The audio of the media message that was read last; empty after any other.
    func withAudio(_ body: (Span<UInt8>) -> Void)
}

/// What one carrier's adapter must be able to say: audio, mark, clear. Each call builds one message and hands it to
/// `send`, whose answer it returns.
public protocol CarrierWriter: ~Copyable {
    mutating func sendMedia(_ audio: Span<UInt8>, _ send: (Span<UInt8>) -> Bool) -> Bool
    mutating func sendMark(_ mark: PlaybackMark, _ send: (Span<UInt8>) -> Bool) -> Bool
    mutating func sendClear(_ send: (Span<UInt8>) -> Bool) -> Bool
}

/// The carriers this bridge speaks with.
public enum CarrierKind: String, Sendable, CaseIterable {
    case twilio
}
