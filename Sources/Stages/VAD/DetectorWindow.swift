public import AudioPipeline

/// What a detector judges at a time: linear PCM, mono, always as many samples.
public struct DetectorWindow: Hashable, Sendable {
    /// 8,000, 16,000, 24,000 or 48,000.
    public let sampleRateHz: Int
    /// 1 ... `sampleRateHz` / 10: 100 ms at most.
    public let samples: Int

    /// - Throws: a rate that telephone audio cannot be brought to, or a window outside 1 ... 100 ms.
    public init(sampleRateHz: Int, samples: Int) throws(StageFault) {
        guard [8_000, 16_000, 24_000, 48_000].contains(sampleRateHz) else {
            throw StageFault("sample rate \(sampleRateHz) Hz; 8000, 16000, 24000 or 48000 was expected")
        }
        guard samples >= sampleRateHz / 1_000, samples <= sampleRateHz / 10 else {
            throw StageFault(
                "window of \(samples) samples at \(sampleRateHz) Hz; \(sampleRateHz / 1_000) to \(sampleRateHz / 10) (1 to 100 ms) was expected"
            )
        }
        (self.sampleRateHz, self.samples) = (sampleRateHz, samples)
    }

    /// One 20 ms frame at a rate.
    public init(_ format: AudioFormat) { (sampleRateHz, samples) = (format.sampleRateHz, format.samplesPerFrame) }

    /// 160 samples at 8 kHz: what a telephone's frame is already.
    public static let telephoneFrame = DetectorWindow(.linear8k)

    /// Length, in microseconds: 32 ms windows do not divide into frames.
    public var microseconds: Int { samples * 1_000_000 / sampleRateHz }
}
