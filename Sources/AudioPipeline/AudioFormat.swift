/// How audio is written down on one leg of a call. Always mono.
public struct AudioFormat: Hashable, Sendable {
    public enum Encoding: Hashable, Sendable {
        /// G.711 mu-law, one byte per sample.
        case mulaw
        /// G.711 A-law, one byte per sample.
        case alaw
        /// Signed 16-bit little-endian PCM, two bytes per sample.
        case linear16
    }

    public let encoding: Encoding
    /// Samples per second: 8,000 ... 48,000.
    public let sampleRateHz: Int

    /// - Precondition: `sampleRateHz` is a multiple of 50, so that a 20 ms frame holds whole samples.
    public init(_ encoding: Encoding, sampleRateHz: Int) {
        precondition(sampleRateHz > 0 && sampleRateHz.isMultiple(of: 50), "sampleRateHz: \(sampleRateHz)")
        self.encoding = encoding
        self.sampleRateHz = sampleRateHz
    }

    public static let mulaw8k = AudioFormat(.mulaw, sampleRateHz: 8_000)
    public static let alaw8k = AudioFormat(.alaw, sampleRateHz: 8_000)
    public static let linear24k = AudioFormat(.linear16, sampleRateHz: 24_000)
    public static let linear16k = AudioFormat(.linear16, sampleRateHz: 16_000)
    public static let linear8k = AudioFormat(.linear16, sampleRateHz: 8_000)

    /// Packetisation time of every frame here, in milliseconds.
    public static let frameMilliseconds = 20

    public var samplesPerFrame: Int { sampleRateHz / 50 }
    public var bytesPerSample: Int { encoding == .linear16 ? 2 : 1 }
    public var bytesPerFrame: Int { samplesPerFrame * bytesPerSample }
    public var bytesPerMillisecond: Int { sampleRateHz / 1_000 * bytesPerSample }

    /// The byte that says nothing: 0xFF in mu-law, 0xD5 in A-law, 0 in PCM. A gap filled with anything else clicks.
    public var silenceByte: UInt8 {
        switch encoding {
        case .mulaw: 0xFF
        case .alaw: 0xD5
        case .linear16: 0
        }
    }
}
