import LoadGenerator
import Configuration
/// What a run has to keep to hold.
public struct ServiceLevel: Sendable, Equatable {
    /// How much longer than the audio in it a gap between two messages may be, at p99.9: 5 ms, so 25 ms at 20 ms.
    public var gapSlackMilliseconds = 5.0
    /// Share of the service's cores, 0 ... 1.
    public var coreLimit = 0.8
    /// Audio that callers may miss of what the model said: the run's edges cut some off.
    static let missingShare = 0.03

    public init(coreLimit: Double = 0.8) { self.coreLimit = coreLimit }

    public func gapLimitMilliseconds(_ plan: BenchPlan) -> Double {
        Double(plan.profile.batchMilliseconds) + gapSlackMilliseconds
    }

    public func verdict(of report: BenchReport) -> BenchVerdict {
        let load = report.load
        if load.isVoid { return .void(load.void) }
        guard let share = report.coreShare else { return .void(["the service's processor time was not measured"]) }
        var broken: [String] = []
        let limit = gapLimitMilliseconds(report.plan)
        let gap = load.gap.p999 / 1_000
        if gap > limit, load.lateness.p999 / 1_000 > gapSlackMilliseconds / 2, share <= coreLimit,
            load.refused + load.broken == 0
        {
            // Callers' gaps hold the generator's own lateness, as the model's end.
            return .void([
                "gap p99.9 \(Self.rounded(gap)) ms, of which the generator's own lateness may be "
                    + "\(Self.rounded(load.lateness.p999 / 1_000)) ms"
            ])
        }
        if gap > limit { broken.append("gap p99.9 \(Self.rounded(gap)) ms, limit \(Self.rounded(limit)) ms") }
        if share > coreLimit { broken.append("core \(Self.rounded(share)), limit \(Self.rounded(coreLimit))") }
        if load.refused > 0 { broken.append("\(load.refused) calls refused") }
        if load.broken > 0 { broken.append("\(load.broken) calls broke off") }
        if load.up < load.calls, load.refused + load.broken == 0 {
            broken.append("\(load.calls - load.up) calls did not come up")
        }
        if Double(load.framesHeard) < Double(load.framesSaid) * (1 - Self.missingShare) {
            broken.append("callers heard \(load.framesHeard) of \(load.framesSaid) frames")
        }
        return broken.isEmpty ? .held : .broke(broken)
    }

    static func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}

/// What became of a run.
public enum BenchVerdict: Sendable, Equatable {
    case held
    case broke([String])
    /// The figures say nothing: the generator itself was late, or saw nothing.
    case void([String])

    public var name: String {
        switch self {
        case .held: "held"
        case .broke: "broke"
        case .void: "void"
        }
    }
    public var reasons: [String] {
        switch self {
        case .held: []
        case .broke(let reasons), .void(let reasons): reasons
        }
    }
}
