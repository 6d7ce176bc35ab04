import Conversation
import TurnStore

/// Where the time before an answer went, for a person: each part in milliseconds, and a bar.
struct LatencyBar {
    /// Characters of the whole bar, one letter for each part.
    static let width = 40

    private let latency: StoredLatency

    init(_ latency: StoredLatency) { self.latency = latency }
    init(_ latency: TurnLatency) { self.init(StoredLatency(latency)) }

    var text: String { latency.sentence }

    /// First letters in proportion; every part that took a share at all has its place on the scale.
    var bar: String {
        let heard = latency.heard
        guard heard > 0 else { return "" }
        var bar = ""
        var end: Int64 = 0
        for part in latency.parts {
            end += part.microseconds
            let wanted = Int((end * Int64(Self.width) + heard / 2) / heard)
            bar += String(repeating: String(part.name.prefix(1)), count: max(0, wanted - bar.count))
        }
        return bar
    }
}
