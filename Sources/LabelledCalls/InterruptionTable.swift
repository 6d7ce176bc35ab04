/// Figures of one group of cases, heard in one way.
public struct InterruptionFigures: Sendable, Codable, Equatable {
    public var group: String
    public var listening: Listening
    public var cases = 0
    public var interruptions = 0
    public var missed = 0
    public var falseInterruptions = 0
    /// Nobody spoke, nothing was interrupted, and the agent answered all the same.
    public var answeredItself = 0
    public var pauses = 0
    public var pausedMilliseconds = 0
    /// Sorted.
    public var lastFrameMilliseconds: [Int] = []
    public var silenceMilliseconds: [Int] = []

    init(_ group: String, _ listening: Listening) { (self.group, self.listening) = (group, listening) }

    mutating func add(_ verdict: CallVerdict) {
        cases += 1
        if verdict.isInterruption { interruptions += 1 }
        if verdict.isMissed { missed += 1 }
        if verdict.isFalse { falseInterruptions += 1 }
        if verdict.answersItself { answeredItself += 1 }
        pauses += verdict.pauses
        pausedMilliseconds += verdict.pausedMilliseconds
        if let time = verdict.lastFrameMilliseconds { lastFrameMilliseconds.append(time) }
        if let time = verdict.silenceMilliseconds { silenceMilliseconds.append(time) }
    }

    /// The smallest value that `share` of all do not exceed; nil when there is none.
    public static func quantile(_ sorted: [Int], _ share: Double) -> Int? {
        guard !sorted.isEmpty else { return nil }
        return sorted[max(0, min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1))]
    }
}

/// All figures, by group in the order of the cases, and over all.
public struct InterruptionTable: Sendable, Codable {
    public private(set) var rows: [InterruptionFigures] = []

    public static let all = "all interruptions"
    /// Interruptions on lines where nobody should have to speak up: `CallRecipe.isFair`.
    public static let fair = "of these, on fair lines"
    public static let none = "all without one"

    public init(_ verdicts: [CallVerdict]) {
        for verdict in verdicts {
            var groups = [verdict.group, verdict.isInterruption ? Self.all : Self.none]
            if verdict.isFair { groups.append(Self.fair) }
            for group in groups {
                if !rows.contains(where: { $0.group == group && $0.listening == verdict.listening }) {
                    rows.append(InterruptionFigures(group, verdict.listening))
                }
                let row = rows.firstIndex { $0.group == group && $0.listening == verdict.listening }!
                rows[row].add(verdict)
            }
        }
        for row in rows.indices {
            rows[row].lastFrameMilliseconds.sort()
            rows[row].silenceMilliseconds.sort()
        }
    }

    public subscript(group: String, listening: Listening) -> InterruptionFigures? {
        rows.first { $0.group == group && $0.listening == listening }
    }

    /// Markdown, one line per group and way of listening.
    public var markdown: String {
        var text = """
            | case | heard by | cases | missed | false | answered itself | pauses taken back | last frame p50 / p95 / max ms | silence p50 / p95 / max ms |
            |---|---|---|---|---|---|---|---|---|

            """
        let groups = rows.map(\.group).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let sums = [Self.all, Self.fair, Self.none]
        for group in groups where !sums.contains(group) { text += lines(group) }
        return text + sums.map { lines($0) }.joined()
    }

    private func lines(_ group: String) -> String {
        rows.filter { $0.group == group }.map { row in
            let cells = [
                group, row.listening.rawValue, "\(row.cases)", row.interruptions > 0 ? "\(row.missed)" : "",
                "\(row.falseInterruptions)", row.interruptions > 0 ? "" : "\(row.answeredItself)",
                row.pauses == 0 ? "0" : "\(row.pauses) (\(row.pausedMilliseconds / row.pauses) ms)",
                Self.three(row.lastFrameMilliseconds), Self.three(row.silenceMilliseconds),
            ]
            return "| " + cells.joined(separator: " | ") + " |\n"
        }.joined()
    }

    private static func three(_ sorted: [Int]) -> String {
        guard let last = sorted.last, let middle = InterruptionFigures.quantile(sorted, 0.5),
            let high = InterruptionFigures.quantile(sorted, 0.95)
        else { return "" }
        return "\(middle) / \(high) / \(last)"
    }
}
