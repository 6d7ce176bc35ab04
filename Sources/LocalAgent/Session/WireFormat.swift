import AudioPipeline

/// The audio formats of the Realtime protocol.
enum WireFormat: String, CaseIterable {
    case pcm = "audio/pcm"
    case pcmu = "audio/pcmu"
    case pcma = "audio/pcma"

    var audioFormat: AudioFormat {
        switch self {
        case .pcm: .linear24k
        case .pcmu: .mulaw8k
        case .pcma: .alaw8k
        }
    }

    var json: JSONValue { self == .pcm ? ["type": "audio/pcm", "rate": 24_000] : ["type": .string(rawValue)] }

    static func read(_ fields: ClientFields) throws(ClientFault) -> WireFormat {
        try fields.allow("type", "rate")
        let name = try fields.required("type")
        guard let format = WireFormat(rawValue: name) else {
            throw .value(fields.path("type"), name, supported: allCases.map(\.rawValue))
        }
        if let rate = try fields.integer("rate", 0...1_000_000), rate != format.audioFormat.sampleRateHz {
            throw .value(fields.path("rate"), "\(rate)", supported: ["\(format.audioFormat.sampleRateHz)"])
        }
        return format
    }
}
