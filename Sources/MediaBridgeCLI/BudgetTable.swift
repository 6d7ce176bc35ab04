import AudioPipeline
import MediaBridge

/// The frame budget as a table: where the time of a frame goes, per stage and per tick.
struct BudgetTable {
    let text: String

    init(_ service: Service) {
        let rows = FrameBudget.Part.allCases.map { part in
            let times = service.budget(part)
            return [Self.name(part), "\(times.count)"]
                + [0.5, 0.99, 0.999].map { duration(nanoseconds: times.percentile($0)) }
                + [duration(nanoseconds: times.maximumNanoseconds), Self.share(times.percentile(0.99))]
        }
        text = table(["frame budget", "count", "p50", "p99", "p99.9", "max", "p99 of 20 ms"], rows)
    }

    private static func share(_ nanoseconds: UInt64) -> String {
        let percent = Double(nanoseconds) / 200_000
        return percent < 0.01 ? "< 0.01 %" : "\((percent * 100).rounded() / 100) %"
    }

    static func name(_ part: FrameBudget.Part) -> String {
        switch part {
        case .hear: "  decode and voice detection, a frame"
        case .forward: "  to the model, a message"
        case .inbound: "inbound tick of a call"
        case .queue: "  model audio into playout, a delta"
        case .send: "  to the carrier, a frame"
        case .outbound: "outbound tick of a call"
        case .tick: "tick of the shard, all calls"
        case .lateness: "lateness of ticks"
        }
    }
}
