import AudioPipeline
import Conversation

/// How long callers waited, part by part, and the holes that they heard. Written by one shard at the edges of turns, read
/// by any thread.
final class TurnFigures: Sendable {
    /// What is answered and shown apart: a caller who waits, and the greeting.
    static let origins: [TurnLatency.Origin] = [.callerSpeech, .keys, .callStart]
    /// The bounds of both histograms, in seconds.
    static let latencyBounds = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]
    static let holeBounds = [0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5]

    /// For each origin its parts, then the whole.
    private let latencies: [[LatencyHistogram]]
    private let holes: [LatencyHistogram]

    init() {
        latencies = Self.origins.map { _ in (0...TurnLatency.Part.allCases.count).map { _ in LatencyHistogram() } }
        holes = PlayoutHole.Cause.allCases.map { _ in LatencyHistogram() }
    }

    /// The histograms of one origin, by the name of the part; `heard` is the whole.
    func parts(of origin: TurnLatency.Origin) -> [(name: String, histogram: LatencyHistogram)] {
        guard let index = Self.origins.firstIndex(of: origin) else { return [] }
        return Array(zip(TurnLatency.Part.allCases.map(\.rawValue) + ["heard"], latencies[index]))
    }

    subscript(cause: PlayoutHole.Cause) -> LatencyHistogram {
        holes[PlayoutHole.Cause.allCases.firstIndex(of: cause)!]
    }

    /// The shard's thread.
    func count(_ latency: TurnLatency) {
        for (part, place) in zip(TurnLatency.Part.allCases, parts(of: latency.origin)) {
            if let value = latency[part] { place.histogram.record(nanoseconds: UInt64(max(0, value)) * 1_000) }
        }
        parts(of: latency.origin).last?.histogram.record(nanoseconds: UInt64(max(0, latency.heard)) * 1_000)
    }

    func count(_ hole: PlayoutHole) {
        guard hole.audibleMilliseconds > 0 else { return }
        self[hole.cause].record(nanoseconds: UInt64(hole.audibleMilliseconds) * 1_000_000)
    }
}
