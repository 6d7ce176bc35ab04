/// When the server takes the caller to have begun and finished speaking, and what it does then.
struct TurnDetection: Equatable {
    enum Kind: String { case serverVAD = "server_vad", semanticVAD = "semantic_vad" }

    var kind = Kind.serverVAD
    /// `server_vad` only.
    var threshold = 0.5
    var prefixPaddingMilliseconds = 300
    var silenceDurationMilliseconds = 500
    var idleTimeoutMilliseconds: Int?
    /// `semantic_vad` only.
    var eagerness = "auto"
    var createResponse = true
    var interruptResponse = true

    /// Silence awaited. `semantic_vad` knows no meaning here: its eagerness is only a longer or shorter silence.
    var silenceAwaitedMilliseconds: Int {
        switch (kind, eagerness) {
        case (.serverVAD, _): silenceDurationMilliseconds
        case (_, "high"): 300
        case (_, "low"): 1_000
        default: 600
        }
    }

    /// - Parameter current: what holds now; fields that are absent keep it.
    static func read(_ fields: ClientFields, current: TurnDetection?) throws(ClientFault) -> TurnDetection {
        let kinds = [Kind.serverVAD, .semanticVAD]
        let name = try fields.choice("type", kinds.map(\.rawValue)) ?? current?.kind.rawValue
        guard let kind = name.flatMap(Kind.init) else { throw .missing(fields.path("type")) }
        var result = current?.kind == kind ? current ?? TurnDetection() : TurnDetection()
        result.kind = kind
        switch kind {
        case .serverVAD:
            try fields.allow(
                "type", "threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms", "create_response",
                "interrupt_response")
            result.threshold = try fields.decimal("threshold", 0...1) ?? result.threshold
            result.prefixPaddingMilliseconds =
                try fields.integer("prefix_padding_ms", 0...5_000) ?? result.prefixPaddingMilliseconds
            result.silenceDurationMilliseconds =
                try fields.integer("silence_duration_ms", 0...10_000) ?? result.silenceDurationMilliseconds
            if fields.has("idle_timeout_ms") {
                result.idleTimeoutMilliseconds = try fields.integer("idle_timeout_ms", 5_000...30_000)
            }
        case .semanticVAD:
            try fields.allow("type", "eagerness", "create_response", "interrupt_response")
            result.eagerness = try fields.choice("eagerness", ["low", "medium", "high", "auto"]) ?? result.eagerness
        }
        result.createResponse = try fields.bool("create_response") ?? result.createResponse
        result.interruptResponse = try fields.bool("interrupt_response") ?? result.interruptResponse
        return result
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "type": .string(kind.rawValue), "create_response": .bool(createResponse),
            "interrupt_response": .bool(interruptResponse),
        ]
        switch kind {
        case .serverVAD:
            members["threshold"] = .number(threshold)
            members["prefix_padding_ms"] = JSONValue(prefixPaddingMilliseconds)
            members["silence_duration_ms"] = JSONValue(silenceDurationMilliseconds)
            members["idle_timeout_ms"] = idleTimeoutMilliseconds.map { JSONValue($0) } ?? .null
        case .semanticVAD: members["eagerness"] = .string(eagerness)
        }
        return .object(members)
    }
}
