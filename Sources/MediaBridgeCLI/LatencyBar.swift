import Conversation
import TurnStore

/// Where the time before an answer went, for a person: each part in milliseconds, and a bar.
struct LatencyBar {
    /// Characters of the whole bar, one letter for each part.
    static let width = 40

    let origin: String
    /// Name, letter, microseconds; only parts that there were, in the order of time.
    let parts: [(name: String, letter: Character, microseconds: Int64)]
    let heard: Int64

    init(_ latency: StoredLatency) {
        origin = latency.origin
        heard = latency.heard
        let all: [(String, Character, Int64?)] = [
            ("endpointing", "e", latency.endpointing), ("request", "r", latency.request),
            ("follow-up", "f", latency.followUp), ("model", "m", latency.model), ("queueing", "q", latency.queueing),
            ("carrier", "c", latency.carrier),
        ]
        parts = all.compactMap { part in part.2.map { (part.0, part.1, $0) } }
    }

    init(_ latency: TurnLatency) { self.init(StoredLatency(latency)) }

    /// `heard 912 ms after the caller: endpointing 520 + request 0 + model 380 + queueing 2 + carrier 10`.
    var text: String {
        let sum = parts.map { "\($0.name) \(Self.milliseconds($0.microseconds))" }.joined(separator: " + ")
        return "heard \(Self.milliseconds(heard)) ms after \(since): \(sum)"
    }

    /// Letters in proportion; every part that took a share at all has its place on the scale.
    var bar: String {
        guard heard > 0 else { return "" }
        var bar = ""
        var end: Int64 = 0
        for part in parts {
            end += part.microseconds
            let wanted = Int((end * Int64(Self.width) + heard / 2) / heard)
            bar += String(repeating: part.letter, count: max(0, wanted - bar.count))
        }
        return bar
    }

    private var since: String {
        switch TurnLatency.Origin(rawValue: origin) {
        case .callerSpeech: "the caller"
        case .keys: "the last key"
        case .toolResult: "the tool"
        case .callStart: "the call's start"
        case .ownAccord, nil: "it was decided"
        }
    }

    /// Whole milliseconds where they tell enough; below ten, tenths.
    private static func milliseconds(_ microseconds: Int64) -> String {
        guard microseconds < 10_000, microseconds % 1_000 != 0 else { return "\((microseconds + 500) / 1_000)" }
        return "\(microseconds / 1_000).\(microseconds % 1_000 / 100)"
    }
}
