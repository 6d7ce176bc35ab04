import AllocationProbe
import AudioPipeline
public import PlugIns
public import VAD

/// Lets a voice detector hear the golden calls, and says what it found: broken rules of the role, cost, memory, and how
/// right it was.
///
/// In a test of a detector of one's own:
///
/// ```swift
/// let make = try Stages.detectors["mine"]!.prepare()
/// let report = DetectorCheck("mine", .here(make), golden).run()
/// #expect(report.violations.isEmpty)
/// ```
public struct DetectorCheck {
    private let name: String
    private let stage: OfflineDetectors.Stage
    private let golden: GoldenCalls
    private let timeoutMilliseconds: Int

    /// What one window may take on the frame path, in 99 of 100: the service lets go of a detector that is dearer.
    static let inlineNanoseconds: UInt64 = 2_000_000
    /// So many frames without an answer are no accident.
    private static let goneFrames = 20
    /// Of the calls that are heard again and again.
    private static let repeatedFrames = 1_000
    private static let memoryCalls = 64
    /// What a long call may leave behind for each minute: less than a window's samples.
    private static let bytesAMinute = 512

    /// - Parameter timeoutMilliseconds: what a worker's answer may take, in 99 of 100.
    public init(_ name: String, _ stage: OfflineDetectors.Stage, _ golden: GoldenCalls, timeoutMilliseconds: Int = 200)
    {
        (self.name, self.stage, self.golden, self.timeoutMilliseconds) = (name, stage, golden, timeoutMilliseconds)
    }

    /// - Parameter progress: one line for each part, before it.
    public func run(progress: (String) -> Void = { _ in }) -> ConformanceReport {
        let first = stage.make()
        // What a process makes once, at the first use of a type, is not the window's.
        let warm = FrameDetector(stage.make())
        for frame in 0..<min(50, golden.calls[0].frames) { _ = golden.calls[0].heard(by: warm, frame: frame) }
        warm.reset()
        let isInline = stage.runsHere && first.cost == .inline
        let meter = MeteredDetector.Meter()
        meter.nanoseconds.reserveCapacity(golden.calls.reduce(0) { $0 + windows($1.frames, first) })
        var violations: [ConformanceReport.Violation] = []
        func violated(_ rule: ConformanceReport.Violation.Rule, _ detail: String) {
            violations.append(.init(rule: rule, detail: detail))
        }

        var calls: [ConformanceReport.Call] = []
        var (speech, silence) = ([Float](), [Float]())
        var sample: [ConformanceReport.SamplePoint] = []
        var (wrong, firstWrong) = (0, "")
        var (grown, grownSeconds) = (0, 0.0)
        var isGone = false
        for call in golden.calls where !isGone {
            progress("\(name): \(call.name), \(Int(call.seconds)) s")
            let detector = FrameDetector(MeteredDetector(stage.make(), meter))
            var heard: [VoiceActivity] = []
            heard.reserveCapacity(call.frames)
            var held = memory(meter)
            for frame in 0..<call.frames {
                // What it needs at the beginning is its own affair.
                if frame == min(500, call.frames / 2) { held = memory(meter) }
                heard.append(call.heard(by: detector, frame: frame))
            }
            let after = memory(meter)
            if call.seconds >= 60, let held, let after { (grown, grownSeconds) = (after - held, call.seconds) }
            let strange = heard.indices.filter { !heard[$0].isInRange }
            if let place = strange.first, wrong == 0 {
                firstWrong = "probability \(heard[place].probability) in frame \(place) of `\(call.name)`"
            }
            wrong += strange.count
            isGone = heard.count >= Self.goneFrames && heard.suffix(Self.goneFrames).allSatisfy { $0.probability.isNaN }
            if isGone { violated(.gone, "nothing came any more in `\(call.name)`") }
            calls.append(
                .init(name: call.name, seconds: call.seconds, scores: FrameScores(of: call, heard.map(\.isSpeech))))
            for (truth, activity) in zip(call.truth, heard) {
                switch truth {
                case .speech: speech.append(activity.probability)
                case .silence: silence.append(activity.probability)
                case .either: break
                }
            }
            if sample.isEmpty {
                sample = zip(heard, call.truth).prefix(750).map {
                    .init(
                        probability: $0.probability.isFinite ? $0.probability : 0, isSpeech: $0.isSpeech,
                        truth: $1 == .either ? nil : $1 == .speech)
                }
            }
        }
        if wrong > 0, !isGone { violated(.answer, "\(wrong) answers; the first: \(firstWrong)") }

        let spent = cost(meter, first, waits: stage.runsHere ? meter.waits : nil)
        if isInline {
            if let allocations = meter.allocations, allocations > 0 {
                violated(.allocates, "\(allocations) times; first in window \(meter.firstAllocation ?? 0)")
            }
            if meter.waits > 0 { violated(.waits, "\(meter.waits) times") }
        }
        let limit = isInline ? Self.inlineNanoseconds : UInt64(timeoutMilliseconds) * 1_000_000
        if spent.p99Nanoseconds > limit {
            violated(
                .late,
                "1 window in 100 takes \(spent.p99Nanoseconds / 1_000) us and more; \(limit / 1_000) us is what the service allows"
            )
        }
        if spent.timesRealTime < 1 {
            violated(.late, "slower than the call: \((spent.timesRealTime * 100).rounded() / 100) times real time")
        }
        if grownSeconds > 0, grown > Int(grownSeconds / 60 * Double(Self.bytesAMinute)) + (stage.runsHere ? 0 : 1 << 20)
        {
            violated(.grows, "\(grown) bytes more after \(Int(grownSeconds)) s of one call")
        }

        if !isGone {
            progress("\(name): the same calls again, one after another and at once")
            violations += repeated()
        }
        return ConformanceReport(
            name: name, sampleRateHz: first.window.sampleRateHz, windowSamples: first.window.samples,
            latencyMilliseconds: first.latencyMilliseconds, cost: first.cost.rawValue, ranHere: stage.runsHere,
            violations: violations, spent: spent, bytesPerCall: isGone ? nil : bytesPerCall(), calls: calls,
            curve: OperatingCurve(speech: speech, silence: silence), sample: sample)
    }

    // MARK: Parts

    /// Bytes held, where they can be seen: in windows here, or by another process.
    private func memory(_ meter: MeteredDetector.Meter) -> Int? {
        guard stage.runsHere else { return stage.residentBytes() }
        return meter.allocations == nil ? nil : meter.heldBytes
    }

    private func windows(_ frames: Int, _ detector: AnyDetector) -> Int {
        frames * GoldenCall.frameMilliseconds * 1_000 / detector.window.microseconds + 1
    }

    private func cost(_ meter: MeteredDetector.Meter, _ detector: AnyDetector, waits: Int?) -> ConformanceReport.Cost {
        let sorted = meter.nanoseconds.sorted()
        func quantile(_ share: Double) -> UInt64 {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        let total = Double(sorted.reduce(0, +))
        let audio = Double(sorted.count) * Double(detector.window.microseconds) * 1_000
        let share = audio > 0 ? total / audio : 0
        return ConformanceReport.Cost(
            windows: sorted.count, p50Nanoseconds: quantile(0.5), p99Nanoseconds: quantile(0.99),
            maximumNanoseconds: sorted.last ?? 0, steps: [0.5, 0.9, 0.99, 0.999, 0.9999].map(quantile),
            shareOfFrame: share, callsPerCore: share > 0 ? Int(1 / share) : 0,
            timesRealTime: share > 0 ? 1 / share : 0,
            allocationsPerWindow: stage.runsHere
                ? meter.allocations.map { Double($0) / Double(max(1, sorted.count)) } : nil,
            waits: waits)
    }

    private func bytesPerCall() -> Int? {
        var made: [FrameDetector] = []
        made.reserveCapacity(Self.memoryCalls)
        let before = stage.residentBytes()
        allocation_probe_start()
        for _ in 0..<Self.memoryCalls {
            let detector = FrameDetector(stage.make())
            for frame in 0..<10 { _ = golden.calls[0].heard(by: detector, frame: frame) }
            made.append(detector)
        }
        let isCounted = allocation_probe_stop() >= 0
        return withExtendedLifetime(made) {
            if stage.runsHere { return isCounted ? allocation_probe_held() / Self.memoryCalls : nil }
            guard let before, let after = stage.residentBytes() else { return nil }
            return max(0, after - before) / Self.memoryCalls
        }
    }

    /// New ones agree; so does one that was reset; so do two that take turns.
    private func repeated() -> [ConformanceReport.Violation] {
        let (one, other) = (golden.calls[0], golden.calls[min(4, golden.calls.count - 1)])
        func hear(_ detector: FrameDetector, _ call: GoldenCall) -> [VoiceActivity] {
            (0..<min(Self.repeatedFrames, call.frames)).map { call.heard(by: detector, frame: $0) }
        }
        var violations: [ConformanceReport.Violation] = []
        func compare(_ rule: ConformanceReport.Violation.Rule, _ found: [VoiceActivity], _ expected: [VoiceActivity]) {
            guard let place = zip(found, expected).enumerated().first(where: { !Self.agree($1.0, $1.1) })?.offset else {
                return
            }
            violations.append(
                .init(
                    rule: rule,
                    detail:
                        "frame \(place): probability \(found[place].probability), \(expected[place].probability) was expected"
                ))
        }
        let first = FrameDetector(stage.make())
        let expected = hear(first, one)
        compare(.deterministic, hear(FrameDetector(stage.make()), one), expected)
        // What differs by itself says nothing about the rest.
        guard violations.isEmpty else { return violations }
        _ = hear(first, other)
        first.reset()
        compare(.reset, hear(first, one), expected)
        let (left, right) = (FrameDetector(stage.make()), FrameDetector(stage.make()))
        var turns: [VoiceActivity] = []
        for frame in 0..<min(Self.repeatedFrames, one.frames, other.frames) {
            _ = other.heard(by: right, frame: frame)
            turns.append(one.heard(by: left, frame: frame))
        }
        compare(.isolated, turns, expected)
        return violations
    }

    private static func agree(_ one: VoiceActivity, _ other: VoiceActivity) -> Bool {
        one == other || one.probability.isNaN && other.probability.isNaN && one.isSpeech == other.isSpeech
    }
}

extension OfflineDetectors.Stage {
    /// A detector of this process.
    public static func here(_ make: @escaping @Sendable () -> AnyDetector) -> Self {
        Self(make: make, runsHere: true)
    }
}
