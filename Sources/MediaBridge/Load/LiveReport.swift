/// What `/api/v1/live` and `/api/v1/budget` answer and `media-bridge top` shows. Times are nanoseconds; all counts are
/// since the start of the service, but for `shards`, which are of the last second.
public struct LiveReport: Codable, Sendable, Equatable {
    public struct Shard: Codable, Sendable, Equatable {
        public var index: Int
        public var calls: Int
        /// 0 ... 1.
        public var coreShare: Double
        /// Runs of the clock.
        public var ticks: UInt64
        /// What 99 % of them had left of 20 ms.
        public var slackNanoseconds: UInt64
    }

    public struct Part: Codable, Sendable, Equatable {
        /// As in `media_bridge_frame_seconds{part}`.
        public var part: String
        public var count: UInt64
        public var p50: UInt64
        public var p99: UInt64
        public var p999: UInt64
        public var max: UInt64
    }

    /// One frame over budget, or one stage demoted.
    public struct Overrun: Codable, Sendable, Equatable {
        public var cause: String
        /// The carrier's id; nil when it is long over.
        public var call: String?
        public var millisecondsAgo: Int64
        public var nanoseconds: Int64
    }

    public struct Call: Codable, Sendable, Equatable {
        public var call: String
        public var tenant: String
        public var shard: Int
        public var framesOver: UInt64
        public var worstPart: String
        public var worstNanoseconds: UInt64
        /// Mean of each part, by its name, over one period in sixteen.
        public var means: [String: UInt64]
        /// Both ticks, of one period in sixteen, by upper bound: `CallBudget.bounds`, then those over.
        public var ticks: [UInt64]
    }

    public var calls: Int
    public var limit: Int
    /// Whether the shards' slack lets new calls in.
    public var hasSlack: Bool
    public var framesOver: UInt64
    public var stagesDemoted: UInt64
    public var shards: [Shard]
    public var parts: [Part]
    /// The dearest of `hear`, `forward`, `queue`, `send` at p99.
    public var worstStage: String
    /// Runs of the clock by upper bound in nanoseconds: `tickBounds`, then those over.
    public var tickBounds: [UInt64]
    public var tickCounts: [UInt64]
    /// Heard by callers, by cause.
    public var holes: [String: UInt64]
    /// Calls not let in, by reason; those that are zero are left out.
    public var refusals: [String: UInt64]
    /// The newest last.
    public var overruns: [Overrun]
    /// Those with the dearest frames first.
    public var callBudgets: [Call]
}
