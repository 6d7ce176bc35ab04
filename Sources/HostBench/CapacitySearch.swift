/// Looks for the most calls that hold. Pure: it is told what each run gave, and says what to run next.
///
/// Upwards by what the last run's processor time foretells, at most fivefold; then between the most that held and the
/// fewest that did not, until they lie within `precision`. A void run is repeated, and calls that cannot be measured at
/// all bound the search like calls that broke; when they are the first ones, fewer would tell no more. A run that broke on an idle machine is tried once more.
public struct CapacitySearch: Sendable {
    /// What one run gave.
    public struct Run: Sendable, Equatable {
        public var calls: Int
        public var verdict: BenchVerdict
        /// Processor time by what the service may use; nil: not measured.
        public var coreShare: Double?

        public init(calls: Int, verdict: BenchVerdict, coreShare: Double?) {
            (self.calls, self.verdict, self.coreShare) = (calls, verdict, coreShare)
        }
    }

    public enum Step: Sendable, Equatable {
        case run(calls: Int)
        /// - Parameters:
        ///   - calls: the most that held; 0 when none did.
        ///   - limitedBy: why not more.
        case done(calls: Int, limitedBy: String)
    }

    /// Tries of one number of calls whose runs are void.
    public static let voidTries = 3
    /// Runs in all: an end in any case.
    public static let mostRuns = 30

    public let first: Int
    public let most: Int
    public let coreLimit: Double
    /// Of the result.
    public let precision: Double
    public private(set) var runs: [Run] = []

    public init(first: Int = 100, most: Int = 10_000, coreLimit: Double = 0.8, precision: Double = 0.05) {
        precondition(first > 0 && first <= most, "first: \(first), most: \(most)")
        (self.first, self.most, self.coreLimit, self.precision) = (first, most, coreLimit, precision)
    }

    public mutating func record(_ run: Run) { runs.append(run) }

    public func next() -> Step {
        guard let last = runs.last else { return .run(calls: first) }
        if isToBeRepeated(last), runs.count < Self.mostRuns { return .run(calls: last.calls) }
        let held = self.held
        let top = self.top
        if held?.calls == most { return .done(calls: most, limitedBy: "no more than \(most) calls can be asked for") }
        if let top {
            if held == nil, top.isUnmeasured { return .done(calls: 0, limitedBy: top.reason) }
            let low = held?.calls ?? 0
            if top.calls - low <= max(1, Int(Double(top.calls) * precision)) {
                return .done(calls: low, limitedBy: top.reason)
            }
        }
        guard runs.count < Self.mostRuns else {
            return .done(
                calls: held?.calls ?? 0, limitedBy: top?.reason ?? "the search ended after \(runs.count) runs")
        }
        return .run(calls: nextCalls(above: held, below: top?.calls))
    }

    /// The most calls that held.
    private var held: Run? {
        let ceiling = top?.calls ?? .max
        return runs.filter { $0.calls < ceiling && deciding($0.calls)?.verdict == .held }.max { $0.calls < $1.calls }
    }

    /// The fewest calls that did not hold, or could not be measured, and why.
    private var top: (calls: Int, reason: String, isUnmeasured: Bool)? {
        for calls in Set(runs.map(\.calls)).sorted() {
            switch deciding(calls)?.verdict {
            case .broke(let reasons)?: return (calls, reasons.joined(separator: "; "), false)
            case nil where tries(of: calls) >= Self.voidTries:
                let reasons = runs.last { $0.calls == calls }?.verdict.reasons ?? []
                return (
                    calls,
                    "\(calls) calls could not be measured (\(reasons.joined(separator: "; "))); the host may carry more",
                    true
                )
            default: break
            }
        }
        return nil
    }

    /// Of several runs of the same calls the last one that measured anything decides.
    private func deciding(_ calls: Int) -> Run? {
        runs.last {
            guard $0.calls == calls else { return false }
            if case .void = $0.verdict { return false }
            return true
        }
    }

    private func isToBeRepeated(_ last: Run) -> Bool {
        switch last.verdict {
        case .held: false
        case .void: tries(of: last.calls) < Self.voidTries
        case .broke:
            // Not for want of processor time: something else may have disturbed it.
            figures(of: last.calls) == 1 && (last.coreShare ?? 1) < 0.75 * coreLimit
        }
    }

    /// Runs of so many calls that measured anything.
    private func figures(of calls: Int) -> Int {
        runs.count {
            guard $0.calls == calls else { return false }
            if case .void = $0.verdict { return false }
            return true
        }
    }

    private func tries(of calls: Int) -> Int { runs.count { $0.calls == calls } }

    private func nextCalls(above held: Run?, below top: Int?) -> Int {
        let low = held?.calls ?? 0
        let foretold = held.flatMap { held in
            held.coreShare.map { share in share > 0 ? Double(held.calls) * coreLimit / share : .infinity }
        }
        guard let top else {
            let wanted = min(foretold ?? Double(low) * 2, Double(low) * 5)
            return min(most, max(Int(wanted), Int(Double(low) * 1.15) + 1))
        }
        // Inside the interval, where the foretelling says; else in the middle.
        let margin = max(1, (top - low) / 5)
        if let foretold, foretold > Double(low + margin), foretold < Double(top - margin) { return Int(foretold) }
        return low + max(1, (top - low) / 2)
    }
}
