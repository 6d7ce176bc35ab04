/// What a check found of a voice detector.
public struct ConformanceReport: Sendable, Codable {
    /// A rule of the role that was broken.
    public struct Violation: Sendable, Codable, Equatable {
        public enum Rule: String, Sendable, Codable {
            /// A probability that is no number, or outside 0 ... 1; or no answer.
            case answer
            /// It stopped answering.
            case gone
            /// Two new ones differ over the same audio.
            case deterministic
            /// After `reset` it answers otherwise than a new one.
            case reset
            /// What another call says changes its answers.
            case isolated
            /// Inline, and it allocates.
            case allocates
            /// Inline, and it slept: a lock, a file, a socket.
            case waits
            /// Its windows take longer than the service lets them.
            case late
            /// Memory grew with the length of a call.
            case grows
            /// Its program or server does not come up.
            case starts
            /// It ended the process that it was in.
            case crashes
            /// It did not come back from a window.
            case hangs
            /// Processes of its own were there after its end.
            case remains
        }
        public var rule: Rule
        public var detail: String
    }

    /// Of the windows of all golden calls, by the clock on the wall.
    public struct Cost: Sendable, Codable {
        public var windows: Int
        public var p50Nanoseconds: UInt64, p99Nanoseconds: UInt64, maximumNanoseconds: UInt64
        /// What 1 window in 2, 10, 100, 1,000, 10,000 takes and more.
        public var steps: [UInt64]
        /// Of 20 ms, for each frame of a call: 0.01 is a hundredth of a core for one call.
        public var shareOfFrame: Double
        /// Calls that one core could hold, if it did nothing else. For a program: if it did nothing but wait for it.
        public var callsPerCore: Int
        /// Seconds of audio judged in a second.
        public var timesRealTime: Double
        /// Mean of all windows; nil where they cannot be counted: another process, or a sanitizer's build.
        public var allocationsPerWindow: Double?
        /// Times that its thread slept; nil for another process.
        public var waits: Int?
    }

    /// One golden call.
    public struct Call: Sendable, Codable {
        public var name: String
        public var seconds: Double
        public var scores: FrameScores
    }

    public var name: String
    public var sampleRateHz: Int, windowSamples: Int
    public var latencyMilliseconds: Int
    /// `inline` or `worker`, as it declares.
    public var cost: String
    /// It was judged in the process of the check.
    public var ranHere: Bool
    public var violations: [Violation]
    public var spent: Cost
    /// Of one more call; nil where it cannot be seen.
    public var bytesPerCall: Int?
    public var calls: [Call]
    public var curve: OperatingCurve?
    /// Its probability over the first seconds of the first golden call, frame by frame, and what is true there.
    public var sample: [SamplePoint]

    public struct SamplePoint: Sendable, Codable {
        public var probability: Float
        public var isSpeech: Bool
        /// Nil: nobody can say.
        public var truth: Bool?
    }

    /// Nothing but its end is known.
    public var isLost: Bool { windowSamples == 0 }

    public var passed: Bool { violations.isEmpty }
    public var total: FrameScores { calls.reduce(FrameScores()) { $0 + $1.scores } }
    public var spoken: FrameScores {
        calls.filter { $0.scores.utterances > 0 }.reduce(FrameScores()) { $0 + $1.scores }
    }
}

extension ConformanceReport {
    /// Of a detector that was lost before it could be judged.
    public init(_ name: String, lost rule: Violation.Rule, _ detail: String) {
        self.init(
            name: name, sampleRateHz: 0, windowSamples: 0, latencyMilliseconds: 0, cost: "", ranHere: false,
            violations: [.init(rule: rule, detail: detail)],
            spent: Cost(
                windows: 0, p50Nanoseconds: 0, p99Nanoseconds: 0, maximumNanoseconds: 0, steps: [], shareOfFrame: 0,
                callsPerCore: 0, timesRealTime: 0),
            calls: [], sample: [])
    }

    /// One more, of who watched the check from outside.
    public mutating func broke(_ rule: Violation.Rule, _ detail: String) {
        violations.append(.init(rule: rule, detail: detail))
    }
}
