public import AudioPipeline

/// Where the time of a frame goes: one histogram per stage and one for whole ticks. Written by one shard, read by any
/// thread.
public final class FrameBudget: Sendable {
    /// What is timed. Nested as a frame passes: `inbound` holds the three before it, `outbound` the two before it.
    public enum Part: Int, CaseIterable, Sendable {
        /// mu-law to linear, voice detection, one frame.
        case hear
        /// Resampling (when formats differ) and writing one message to the model.
        case forward
        /// One call's inbound tick.
        case inbound
        /// One audio delta of the model into playout: resampling and encoding when formats differ.
        case queue
        /// One frame out of playout, written as a carrier message.
        case send
        /// One call's outbound tick.
        case outbound
        /// One run of the shard's clock: every call that was due.
        case tick
        /// How late a tick ran, against its deadline.
        case lateness

        /// Those that hold no other.
        static var stages: [Part] { [.hear, .forward, .queue, .send] }
    }

    /// A stage of one call that takes longer than this, a tenth of the tick, leaves a record.
    static let overNanoseconds: UInt64 = 2_000_000

    // One by one: an element of an array would be counted as a reference each time.
    private let hear = LatencyHistogram()
    private let forward = LatencyHistogram()
    private let inbound = LatencyHistogram()
    private let queue = LatencyHistogram()
    private let send = LatencyHistogram()
    private let outbound = LatencyHistogram()
    private let tick = LatencyHistogram()
    private let lateness = LatencyHistogram()

    public init() {}

    /// Shard thread.
    func record(_ part: Part, nanoseconds: UInt64) {
        switch part {
        case .hear: hear.record(nanoseconds: nanoseconds)
        case .forward: forward.record(nanoseconds: nanoseconds)
        case .inbound: inbound.record(nanoseconds: nanoseconds)
        case .queue: queue.record(nanoseconds: nanoseconds)
        case .send: send.record(nanoseconds: nanoseconds)
        case .outbound: outbound.record(nanoseconds: nanoseconds)
        case .tick: tick.record(nanoseconds: nanoseconds)
        case .lateness: lateness.record(nanoseconds: nanoseconds)
        }
    }

    /// Any thread.
    public subscript(part: Part) -> LatencyHistogram {
        switch part {
        case .hear: hear
        case .forward: forward
        case .inbound: inbound
        case .queue: queue
        case .send: send
        case .outbound: outbound
        case .tick: tick
        case .lateness: lateness
        }
    }
}
