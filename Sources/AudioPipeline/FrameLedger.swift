/// Where every frame of one direction of one call went (R1): in = forwarded + dropped by reason + still queued.
///
/// Counts whatever unit its owner counts in, frames or samples, as long as it is one. Owner's thread only.
public struct FrameLedger: Sendable, Equatable {
    public private(set) var received: UInt64 = 0
    public private(set) var forwarded: UInt64 = 0
    private var drops = SIMD16<UInt64>(repeating: 0)

    public init() {}

    public mutating func receive(_ amount: Int = 1) { received &+= UInt64(amount) }
    public mutating func forward(_ amount: Int = 1) { forwarded &+= UInt64(amount) }
    public mutating func drop(_ reason: DropReason, _ amount: Int = 1) {
        drops[Int(reason.rawValue)] &+= UInt64(amount)
    }

    public func dropped(_ reason: DropReason) -> UInt64 { drops[Int(reason.rawValue)] }
    public var dropped: UInt64 { drops.wrappedSum() }

    /// What is missing from the books: 0 when they balance, positive when frames vanished, negative when some were
    /// counted twice.
    public func balance(queued: Int) -> Int64 {
        Int64(bitPattern: received &- forwarded &- dropped &- UInt64(bitPattern: Int64(queued)))
    }
}

/// Why a frame was let go. At most 16.
public enum DropReason: UInt8, CounterName, BitwiseCopyable {
    /// No room in the next queue.
    case overrun
    /// Older than what may still be kept while the model was not ready.
    case stale
    /// Cleared by the caller's interruption.
    case cleared
    /// Belonged to a response that was cancelled or never ours.
    case cancelled
    /// Not a frame: wrong length, not base64, outside a stream.
    case malformed
    /// A carrier stream that another one has replaced.
    case replaced
    /// The call ended while it was on its way.
    case ended
    /// A repeat of what had come already.
    case duplicate
    /// A worker that had fallen behind was skipped over.
    case skipped
}
