/// How speech is encoded. The defaults are for a telephone voice.
public struct OpusVoiceSettings: Equatable, Sendable {
    /// 6,000 ... 510,000; nil chooses 16,000 up to 8 kHz and 24,000 above.
    public var bitsPerSecond: Int?
    /// 0 ... 10: what a frame may cost. 5 takes about 45 us at 8 kHz.
    public var complexity = 5
    /// Repeats the last frame, coarsely, inside the next one; only with an expected loss above zero.
    public var usesInbandFEC = false
    /// 0 ... 100.
    public var expectedLossPercent = 0
    /// Sends almost nothing while nobody speaks.
    public var usesDTX = false

    public init() {}
}
