import AudioPipeline

/// What a load run measured. Times are of the measured seconds only, after the warm-up; in microseconds.
///
/// `media-bridge load --json` prints it; `bench` and `Benchmarks/compare` read it.
public struct LoadReport: Codable, Sendable, Equatable {
    /// A distribution, in microseconds, each at most 3.2 % too high.
    public struct Times: Codable, Sendable, Equatable {
        public var count: Int
        public var p50: Double, p90: Double, p99: Double, p999: Double, max: Double, mean: Double
    }

    /// The bridge's process over the measured seconds.
    public struct Process: Codable, Sendable, Equatable {
        /// Processor time, in cores: 0.75 is three quarters of one.
        public var cores: Double
        /// Processor time of one call for 20 ms, both directions.
        public var microsecondsPerCallFrame: Double
        /// 20,000 us / `microsecondsPerCallFrame`.
        public var callsPerCore: Double
        /// Resident memory, at the end of the measured seconds and before the first call.
        public var residentBytes: Int
        public var residentBytesBefore: Int
        /// Context switches a second, voluntary and not, and page faults that read nothing from disk.
        public var voluntarySwitchesPerSecond: Double
        public var involuntarySwitchesPerSecond: Double
        public var minorFaultsPerSecond: Double
    }

    /// The calls that were asked for on top while it measured.
    public struct Extra: Codable, Sendable, Equatable {
        /// Asked for; of them: got their stream, were refused, broke off.
        public var asked = 0, taken = 0, refused = 0, broken = 0
    }

    public var calls: Int
    /// Of them: took part to the end; were refused (an HTTP status, `<Reject>`, a close); broke off.
    public var up: Int, refused: Int, broken: Int
    /// nil when none were asked for. Gaps and clicks are of `calls` alone then, set-up times of these alone.
    public var extra: Extra?
    public var seconds: Double
    public var deltaMilliseconds: Int

    /// From one message with audio to the next, at the caller.
    public var gap: Times
    /// How far that is from the audio in the message before it, either way.
    public var gapDeviation: Times
    /// A click of the caller's through the bridge, an echoing model and the bridge again, until it is back.
    public var click: Times?
    public var clicksSent: Int, clicksHeard: Int
    /// From the first byte of a call's set-up to its open stream, and to the agent's first audio.
    public var setUp: Times
    public var firstAudio: Times
    /// Frames of 20 ms in the measured seconds: what callers sent, what reached the model, what the model said and what
    /// callers heard.
    public var framesSent: Int, framesAtModel: Int, framesSaid: Int, framesHeard: Int

    /// How late the generator itself was, against its own intended times.
    public var lateness: Times
    /// Its processor time while it measured, in cores; near one it was the limit, not the bridge.
    public var generatorCores: Double
    /// Why these figures say nothing, when they do not; empty for a good run.
    public var void: [String]
    public var process: Process?

    public var isVoid: Bool { !void.isEmpty }
}

extension LoadReport.Times {
    init(_ histogram: HistogramSnapshot, mean: Double? = nil) {
        func microseconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) / 1_000 }
        let count = histogram.count
        self.init(
            count: Int(count), p50: microseconds(histogram.percentile(0.5)),
            p90: microseconds(histogram.percentile(0.9)),
            p99: microseconds(histogram.percentile(0.99)), p999: microseconds(histogram.percentile(0.999)),
            max: microseconds(histogram.maximumNanoseconds),
            mean: count == 0 ? 0 : microseconds(histogram.sumNanoseconds) / Double(count))
    }
}
