/// How a detector's probabilities divide speech from the rest at any threshold (receiver operating characteristic).
public struct OperatingCurve: Sendable, Codable, Equatable {
    public struct Point: Sendable, Codable, Equatable {
        public var threshold: Double
        /// Share of the frames without speech at or over it.
        public var falseAlarms: Double
        /// Share of the frames of speech at or over it.
        public var found: Double
    }
    /// From the highest threshold to the lowest, at most 101.
    public let points: [Point]
    /// 0.5: says nothing about speech; 1: divides perfectly.
    public let area: Double
    /// It only ever said 0 or 1: the area is that of its decisions.
    public let isOfDecisions: Bool

    private static let steps = 1_000

    /// - Parameters:
    ///   - speech: probabilities of frames that are speech.
    ///   - silence: of frames that are not.
    /// - Returns: nil when there are none of either.
    public init?(speech: [Float], silence: [Float]) {
        guard !speech.isEmpty, !silence.isEmpty else { return nil }
        var (found, wrong) = ([Int](repeating: 0, count: Self.steps + 1), [Int](repeating: 0, count: Self.steps + 1))
        func step(_ probability: Float) -> Int {
            probability.isFinite ? Int(max(0, min(1, probability)) * Float(Self.steps)) : 0
        }
        for probability in speech { found[step(probability)] += 1 }
        for probability in silence { wrong[step(probability)] += 1 }
        var (hits, alarms, area) = (0, 0, 0.0)
        var points = [Point(threshold: 1, falseAlarms: 0, found: 0)]
        for index in (0...Self.steps).reversed() {
            // A trapezium: of equal probabilities, half are in the right order.
            area += Double(wrong[index]) * (Double(hits) + Double(found[index]) / 2)
            hits += found[index]
            alarms += wrong[index]
            guard index % 10 == 0 else { continue }
            points.append(
                Point(
                    threshold: Double(index) / Double(Self.steps), falseAlarms: Double(alarms) / Double(silence.count),
                    found: Double(hits) / Double(speech.count)))
        }
        self.points = points
        self.area = area / (Double(speech.count) * Double(silence.count))
        isOfDecisions =
            (found + wrong).count { $0 > 0 } <= 4 && (1..<Self.steps).allSatisfy { found[$0] + wrong[$0] == 0 }
    }
}
