import Conversation

/// The figures of a call in words, the same wherever a person reads them.
extension StoredLatency {
    /// In the order of time.
    public static let partNames = ["endpointing", "request", "follow-up", "model", "queueing", "carrier"]

    /// Name and microseconds of each part there was, in the order of time. They add up to `heard`.
    public var parts: [(name: String, microseconds: Int64)] {
        zip(Self.partNames, [endpointing, request, followUp, model, queueing, carrier]).compactMap { name, part in
            part.map { (name, $0) }
        }
    }

    /// `heard 912 ms after the caller: endpointing 520 + request 0 + model 380 + queueing 2 + carrier 10`.
    public var sentence: String {
        let sum = parts.map { "\($0.name) \(Self.milliseconds($0.microseconds))" }.joined(separator: " + ")
        return "heard \(Self.milliseconds(heard)) ms after \(since): \(sum)"
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
    public static func milliseconds(_ microseconds: Int64) -> String {
        guard microseconds < 10_000, microseconds % 1_000 != 0 else { return "\((microseconds + 500) / 1_000)" }
        return "\(microseconds / 1_000).\(microseconds % 1_000 / 100)"
    }
}

extension StoredHole {
    /// Who was late.
    public var because: String {
        switch PlayoutHole.Cause(rawValue: cause) {
        case .modelLate: "the model was late"
        case .ours: "our own thread was late"
        case .carrier: gapMilliseconds > 0 ? "the carrier's socket was full" : "the carrier played late"
        case nil: cause
        }
    }
}
