/// What `session.update` sets and `session.updated` echoes.
struct SessionConfiguration: Equatable {
    enum Kind: String { case realtime, transcription }

    let kind: Kind
    var model: String
    var instructions = ""
    var speaks = true
    var inputFormat = WireFormat.pcm
    var outputFormat = WireFormat.pcm
    var voice: JSONValue = "alloy"
    var speed = 1.0
    var turnDetection: TurnDetection? = TurnDetection()
    /// Null when the client wants no transcripts of the caller.
    var transcription = JSONValue.null
    var noiseReduction = JSONValue.null
    /// Nil: no limit.
    var maximumOutputTokens: Int?
    var tools: [JSONValue] = []
    var toolChoice: JSONValue = "auto"
    /// Fields without effect here, echoed as they came.
    var truncation: JSONValue = "auto"
    var tracing = JSONValue.null
    var prompt = JSONValue.null
    var include = JSONValue.null
    var reasoning: JSONValue?
    var parallelToolCalls: JSONValue?

    init(kind: Kind, model: String) { (self.kind, self.model) = (kind, model) }

    static let voices = ["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"]

    /// Sets what `fields` holds and leaves the rest; on a fault nothing counts.
    mutating func apply(_ fields: ClientFields) throws(ClientFault) {
        guard let type = try fields.string("type") else { throw .missing(fields.path("type")) }
        guard type == kind.rawValue else {
            guard Kind(rawValue: type) != nil else {
                throw .value(fields.path("type"), type, supported: ["realtime", "transcription"])
            }
            throw ClientFault(
                "invalid_value", "This is a \(kind.rawValue) session; it takes no update of type '\(type)'.",
                param: fields.path("type"))
        }
        if kind == .transcription {
            try fields.allow("type", "audio", "include")
        } else {
            try fields.allow(
                "type", "id", "object", "expires_at", "model", "instructions", "output_modalities", "audio",
                "max_output_tokens", "tools", "tool_choice", "truncation", "tracing", "prompt", "include", "reasoning",
                "parallel_tool_calls")
        }
        model = try fields.string("model", maximumLength: 128) ?? model
        instructions = try fields.string("instructions") ?? instructions
        if let speaks = try Self.modalities(fields) { self.speaks = speaks }
        if let audio = try fields.fields("audio") { try apply(audio: audio) }
        if fields.has("max_output_tokens") { maximumOutputTokens = try Self.maximumTokens(fields) }
        if let tools = try Self.tools(fields) { self.tools = tools }
        if let choice = try Self.toolChoice(fields) { toolChoice = choice }
        truncation = fields.members["truncation"] ?? truncation
        tracing = fields.members["tracing"] ?? tracing
        prompt = fields.members["prompt"] ?? prompt
        include = fields.members["include"] ?? include
        reasoning = fields.members["reasoning"] ?? reasoning
        parallelToolCalls = fields.members["parallel_tool_calls"] ?? parallelToolCalls
    }

    private mutating func apply(audio: ClientFields) throws(ClientFault) {
        try audio.allow("input", "output")
        if let input = try audio.fields("input") {
            try input.allow("format", "transcription", "turn_detection", "noise_reduction")
            if let format = try input.fields("format") { inputFormat = try .read(format) }
            if input.isNull("turn_detection") {
                turnDetection = nil
            } else if let detection = try input.fields("turn_detection") {
                turnDetection = try .read(detection, current: turnDetection)
            }
            if input.isNull("transcription") {
                transcription = .null
            } else if let fields = try input.fields("transcription") {
                try fields.allow("model", "language", "prompt", "languages", "keywords", "delay")
                _ = try fields.string("model")
                _ = try fields.string("language", maximumLength: 16)
                _ = try fields.string("prompt")
                transcription = .object((transcription.object ?? [:]).merging(fields.members) { $1 })
            }
            if input.isNull("noise_reduction") {
                noiseReduction = .null
            } else if let fields = try input.fields("noise_reduction") {
                try fields.allow("type", "strength")
                guard try fields.choice("type", ["near_field", "far_field"]) != nil else {
                    throw .missing(fields.path("type"))
                }
                noiseReduction = .object(fields.members)
            }
        }
        if let output = try audio.fields("output") {
            guard kind == .realtime else { throw .unknown(audio.path("output")) }
            try output.allow("format", "voice", "speed")
            if let format = try output.fields("format") { outputFormat = try .read(format) }
            speed = try output.decimal("speed", 0.25...1.5) ?? speed
            if let voice = try Self.voice(output) { self.voice = voice }
        }
    }

    static func voice(_ output: ClientFields) throws(ClientFault) -> JSONValue? {
        guard let value = output.members["voice"], value != .null else { return nil }
        if case .object = value {
            _ = try ClientFields(value, path: output.path("voice")).required("id", maximumLength: 128)
            return value
        }
        return try output.choice("voice", voices).map { .string($0) }
    }

    /// True: audio with its transcript. False: text.
    static func modalities(_ fields: ClientFields) throws(ClientFault) -> Bool? {
        guard let list = try fields.array("output_modalities", maximumCount: 8) else { return nil }
        let names = list.compactMap(\.string)
        guard names.count == list.count, names == ["audio"] || names == ["text"] else {
            throw ClientFault(
                "invalid_value",
                "Invalid modalities: \(JSONValue.array(list).text.prefix(80)). Supported combinations are: ['text'] and ['audio'].",
                param: fields.path("output_modalities"))
        }
        return names == ["audio"]
    }

    static func maximumTokens(_ fields: ClientFields) throws(ClientFault) -> Int? {
        if let text = fields.members["max_output_tokens"]?.string {
            guard text == "inf" else {
                throw .value(fields.path("max_output_tokens"), text, supported: ["1 ... 4096", "inf"])
            }
            return nil
        }
        return try fields.integer("max_output_tokens", 1...4_096)
    }

    static func tools(_ fields: ClientFields) throws(ClientFault) -> [JSONValue]? {
        guard let tools = try fields.array("tools", maximumCount: 128) else { return nil }
        for (index, tool) in tools.enumerated() {
            let tool = try ClientFields(tool, path: "\(fields.path("tools"))[\(index)]")
            let type = try tool.required("type")
            guard ["function", "mcp"].contains(type) else {
                throw .value(tool.path("type"), type, supported: ["function", "mcp"])
            }
            guard type == "function" else { continue }
            try tool.allow("type", "name", "description", "parameters", "strict")
            let name = try tool.required("name", maximumLength: 64)
            guard name.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil else {
                throw ClientFault(
                    "invalid_value",
                    "Invalid '\(tool.path("name"))': expected letters, digits, _ and -, got '\(name)'.",
                    param: tool.path("name"))
            }
            _ = try tool.string("description")
            _ = try tool.fields("parameters")
        }
        return tools
    }

    static func toolChoice(_ fields: ClientFields) throws(ClientFault) -> JSONValue? {
        guard let value = fields.members["tool_choice"], value != .null else { return nil }
        if case .object = value {
            let choice = try ClientFields(value, path: fields.path("tool_choice"))
            _ = try choice.required("type")
            return value
        }
        return try fields.choice("tool_choice", ["auto", "none", "required"]).map { .string($0) }
    }

    /// The effective configuration, complete.
    func json(id: String, expiresAt: Int) -> JSONValue {
        var input: [String: JSONValue] = [
            "format": inputFormat.json, "transcription": transcription, "noise_reduction": noiseReduction,
            "turn_detection": turnDetection?.json ?? .null,
        ]
        var members: [String: JSONValue] = [
            "type": .string(kind.rawValue), "id": .string(id), "expires_at": JSONValue(expiresAt), "include": include,
        ]
        guard kind == .realtime else {
            input["turn_detection"] = turnDetection?.json ?? .null
            members["object"] = "realtime.transcription_session"
            members["audio"] = ["input": .object(input)]
            return .object(members)
        }
        members["object"] = "realtime.session"
        members["model"] = .string(model)
        members["instructions"] = .string(instructions)
        members["output_modalities"] = speaks ? ["audio"] : ["text"]
        members["audio"] = [
            "input": .object(input),
            "output": ["format": outputFormat.json, "voice": voice, "speed": .number(speed)],
        ]
        members["max_output_tokens"] = maximumOutputTokens.map { JSONValue($0) } ?? "inf"
        members["tools"] = .array(tools)
        members["tool_choice"] = toolChoice
        members["truncation"] = truncation
        members["tracing"] = tracing
        members["prompt"] = prompt
        members["reasoning"] = reasoning
        members["parallel_tool_calls"] = parallelToolCalls
        return .object(members)
    }
}
