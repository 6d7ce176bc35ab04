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

    private let histograms: [LatencyHistogram]

    public init() { histograms = Part.allCases.map { _ in LatencyHistogram() } }

    public subscript(part: Part) -> LatencyHistogram { histograms[part.rawValue] }
}
