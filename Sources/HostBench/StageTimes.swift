public import AudioPipeline

/// How long one part of a frame's way took in the measured seconds. Microseconds.
public struct StageTimes: Codable, Sendable, Equatable {
    /// A point of the distribution: this share took no longer than this.
    public struct Quantile: Codable, Sendable, Equatable {
        public var share: Double
        public var microseconds: Double
    }

    /// The part's name in code and on `/metrics`, and for a person.
    public var part: String
    public var label: String
    public var count: UInt64
    public var p50: Double, p99: Double, p999: Double, max: Double
    /// Of the 20 ms of a frame, at p99.
    public var shareOfFrame: Double
    /// All of its time over all calls' frames: what it costs one call for 20 ms.
    public var perCallFrame: Double
    /// Times it took longer than `OverrunFacts.lateAfterMilliseconds`.
    public var overruns: UInt64
    public var quantiles: [Quantile]

    /// - Parameter callFrames: calls times frames of 20 ms in those seconds.
    public init(part: String, label: String, _ times: HistogramSnapshot, callFrames: Double) {
        func microseconds(_ share: Double) -> Double { Double(times.percentile(share)) / 1_000 }
        (self.part, self.label, count) = (part, label, times.count)
        (p50, p99, p999, max) = (microseconds(0.5), microseconds(0.99), microseconds(0.999), microseconds(1))
        shareOfFrame = p99 / 20_000
        perCallFrame = callFrames > 0 ? Double(times.sumNanoseconds) / 1_000 / callFrames : 0
        overruns = times.count &- times.count(upTo: OverrunFacts.lateAfterMilliseconds * 1_000_000)
        quantiles = Self.shares.filter { $0 == 1 || Double(times.count) * (1 - $0) >= 1 }
            .map { Quantile(share: $0, microseconds: microseconds($0)) }
    }

    /// Denser towards the end, where budgets break.
    private static let shares = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 1]
}
