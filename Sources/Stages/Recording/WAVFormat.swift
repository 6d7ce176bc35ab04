/// What the `fmt ` chunk of a WAVE file says.
public struct WAVFormat: Equatable, Sendable {
    public enum Encoding: UInt16, Sendable {
        case linear16 = 1
        case alaw = 6
        case mulaw = 7
    }

    /// How the samples lie in the file; they are 16-bit linear once read.
    public var encoding: Encoding
    public var channels: Int
    public var sampleRateHz: Int

    public init(encoding: Encoding = .linear16, channels: Int, sampleRateHz: Int) {
        (self.encoding, self.channels, self.sampleRateHz) = (encoding, channels, sampleRateHz)
    }

    var bytesPerSample: Int { encoding == .linear16 ? 2 : 1 }
}
