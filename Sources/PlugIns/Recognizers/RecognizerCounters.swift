import Synchronization

/// What became of one recogniser in calls, over all calls. Any thread raises and reads; none of it is a steady tick's.
public final class RecognizerCounters: Sendable {
    /// What it did that it should not.
    public let events = PlugInCounters()
    private let finals = Atomic<UInt64>(0)
    private let lost = Atomic<UInt64>(0)

    public init() {}

    /// Utterances whose words were kept.
    public var utterances: UInt64 { finals.load(ordering: .relaxed) }
    /// Frames of callers' that it did not hear: it was away, or too slow.
    public var lostFrames: UInt64 { lost.load(ordering: .relaxed) }

    func addUtterance() { _ = finals.wrappingAdd(1, ordering: .relaxed) }
    public func addLost(frames: Int) { if frames > 0 { _ = lost.wrappingAdd(UInt64(frames), ordering: .relaxed) } }
}
