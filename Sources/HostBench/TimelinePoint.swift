/// One stretch of the measured seconds.
public struct TimelinePoint: Codable, Sendable, Equatable {
    /// Its end, seconds after the measurement began.
    public var at: Double
    public var ticks: UInt64
    /// Microseconds: ticks at p50 and worst, and the worst lateness.
    public var tickP50: Double, tickWorst: Double, latenessWorst: Double

    public init(at: Double, ticks: UInt64, tickP50: Double, tickWorst: Double, latenessWorst: Double) {
        (self.at, self.ticks) = (at, ticks)
        (self.tickP50, self.tickWorst, self.latenessWorst) = (tickP50, tickWorst, latenessWorst)
    }
}
