import AudioPipeline

/// Frames for the carrier that share a message. One for all calls of a shard: whoever fills it empties it before another
/// call is served. Allocates in `init`, never after. Shard thread only.
struct DownlinkBatch: ~Copyable {
    /// As much as one message of the carrier's writer carries: 200 ms.
    static let capacityBytes = 1_600

    private var samples = [UInt8](repeating: 0xFF, count: capacityBytes)
    private(set) var count = 0

    /// - Returns: false when there is no room for it; nothing is taken then.
    mutating func add(_ frame: borrowing Span<UInt8>) -> Bool {
        guard frame.count <= Self.capacityBytes - count else { return false }
        let start = count
        var room = samples.mutableSpan
        room.copy(frame, at: start)
        count += frame.count
        return true
    }

    /// Hands over all of it as one message; nothing when there is none.
    /// - Returns: what `send` said; true when there was nothing to send.
    mutating func empty(_ send: (Span<UInt8>) -> Bool) -> Bool {
        guard count > 0 else { return true }
        let length = count
        count = 0
        return send(samples.span.extracting(first: length))
    }
}
