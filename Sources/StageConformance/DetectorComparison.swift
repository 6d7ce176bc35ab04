public import PlugIns
import VAD

/// What several detectors hear in the same calls, side by side. There is no truth to compare with: it shows where they differ.
public struct DetectorComparison: Sendable, Codable {
    /// One detector in one call.
    public struct Hearing: Sendable, Codable {
        public var detector: String
        /// Frames called speech, and those for which no probability came.
        public var speechFrames = 0, unanswered = 0
        /// Stretches that lasted, as a call counts them: what would end a turn, or interrupt the agent.
        public var utterances = 0
        /// Of them, those that began while the agent was heard.
        public var overAgent = 0
        /// Frames decided as the first detector does.
        public var agreeing = 0
        /// Runs of decisions: from, up to, in frames.
        public var runs: [[Int]] = []
    }

    public struct Call: Sendable, Codable {
        public var name: String
        public var frames: Int
        /// Nil where only the caller was recorded.
        public var agentFrames: Int?
        /// In the order of the detectors.
        public var hearings: [Hearing]
        public var seconds: Double { Double(frames) / 50 }
    }

    public private(set) var detectors: [String] = []
    public private(set) var calls: [Call] = []

    public init(_ detectors: [String]) { self.detectors = detectors }

    /// Lets each detector hear one call.
    /// - Parameter stages: in the order of `detectors`.
    public mutating func add(_ call: RecordedCall, _ stages: [OfflineDetectors.Stage]) {
        precondition(stages.count == detectors.count, "stages: \(stages.count), detectors: \(detectors.count)")
        let agent = call.agent == nil ? nil : (0..<call.frames).map { call.agentSpeaks(in: $0) }
        var first: [Bool] = []
        let hearings = zip(detectors, stages).map { name, stage in
            let detector = FrameDetector(stage.make())
            var hearing = Hearing(detector: name)
            var segmenter = SpeechSegmenter()
            var decisions: [Bool] = []
            for frame in 0..<call.frames {
                let activity = call.heard(by: detector, frame: frame)
                if !activity.isInRange { hearing.unanswered += 1 }
                let isSpeech = activity.isInRange && activity.isSpeech
                if isSpeech, decisions.last != true { hearing.runs.append([frame, frame]) }
                if isSpeech { hearing.runs[hearing.runs.count - 1][1] = frame + 1 }
                decisions.append(isSpeech)
                if case .sustained = segmenter.advance(isSpeech: isSpeech) {
                    hearing.utterances += 1
                    if agent?[frame] == true { hearing.overAgent += 1 }
                }
            }
            if first.isEmpty { first = decisions }
            hearing.speechFrames = decisions.count { $0 }
            hearing.agreeing = zip(decisions, first).count { $0 == $1 }
            return hearing
        }
        calls.append(
            Call(name: call.name, frames: call.frames, agentFrames: agent.map { $0.count { $0 } }, hearings: hearings))
    }

    /// Of all calls.
    public func total(_ detector: Int) -> Hearing {
        var sum = Hearing(detector: detectors[detector])
        for call in calls {
            let hearing = call.hearings[detector]
            sum.speechFrames += hearing.speechFrames
            sum.unanswered += hearing.unanswered
            sum.utterances += hearing.utterances
            sum.overAgent += hearing.overAgent
            sum.agreeing += hearing.agreeing
        }
        return sum
    }

    public var frames: Int { calls.reduce(0) { $0 + $1.frames } }

    public static let head = [
        "call", "detector", "speech", "utterances", "over the agent", "as the first", "no answer",
    ]

    /// One row for each detector in each call, and one for all calls.
    public var rows: [[String]] {
        let all = calls.count > 1 ? detectors.indices.map { Self.row("all", total($0), frames, hasAgent) } : []
        return calls.flatMap { call in
            call.hearings.map { Self.row(call.name, $0, call.frames, call.agentFrames != nil) }
        } + all
    }

    private var hasAgent: Bool { calls.contains { $0.agentFrames != nil } }

    private static func row(_ name: String, _ hearing: Hearing, _ frames: Int, _ hasAgent: Bool) -> [String] {
        func share(_ count: Int) -> String {
            let tenths = (Double(count) / Double(max(1, frames)) * 1_000).rounded() / 10
            return "\(tenths) %"
        }
        return [
            name, hearing.detector, share(hearing.speechFrames), "\(hearing.utterances)",
            hasAgent ? "\(hearing.overAgent)" : "-", share(hearing.agreeing), "\(hearing.unanswered)",
        ]
    }
}
