/// Makes a failing call small: leaves out what it can without losing the failure, until nothing more can go.
///
/// Delta debugging (Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", 2002) over the elements
/// of the plan. Deterministic: the same plan shrinks to the same elements.
public struct ShrunkCall: Sendable {
    /// As drawn.
    public let plan: CallPlan
    /// Indices into its elements.
    public let kept: [Int]
    public let result: SimulatedResult
    /// Calls that were played to find it.
    public let plays: Int

    public init(_ plan: CallPlan, simulation: Simulation) {
        let whole = simulation.play(plan)
        let rule = Self.name(of: whole)
        var plays = 1
        var kept = Array(0..<plan.elementCount)
        var parts = 2
        while kept.count >= 2 || parts == 1 {
            var isSmaller = false
            let size = (kept.count + parts - 1) / parts
            var start = 0
            while start < kept.count {
                let candidate = Array(kept[..<start] + kept[min(start + size, kept.count)...])
                plays += 1
                if Self.name(of: simulation.play(plan.keeping(candidate))) == rule {
                    kept = candidate
                    parts = max(2, parts - 1)
                    isSmaller = true
                    break
                }
                start += size
            }
            if isSmaller { continue }
            if parts >= kept.count { break }
            parts = min(kept.count, parts * 2)
        }
        if kept.count == 1, Self.name(of: simulation.play(plan.keeping([]))) == rule { kept = [] }
        self.plan = plan
        self.kept = kept
        self.plays = plays
        result = simulation.play(plan.keeping(kept), traced: true)
    }

    /// Two failures are the same when the rule is.
    private static func name(of result: SimulatedResult) -> Substring? {
        result.broken.first.map { $0.prefix { $0 != " " } }
    }

    /// For a person: the rule, the elements, and how to see it again.
    public var text: String {
        let list = kept.map(String.init).joined(separator: ",")
        var lines = ["seed \(plan.seed): \(result.broken.first ?? "nothing")"]
        lines.append("  shrunk to \(kept.count) of \(plan.elementCount) things, by \(plays) calls:")
        lines += plan.lines(keeping: kept).map { "    " + $0 }
        lines.append(
            "  replay: media-bridge simulate --seed \(plan.seed) --calls 1 --keep \(list.isEmpty ? "none" : list) --trace"
        )
        lines.append("  whole:  media-bridge simulate --seed \(plan.seed) --calls 1 --trace")
        return lines.joined(separator: "\n")
    }
}
