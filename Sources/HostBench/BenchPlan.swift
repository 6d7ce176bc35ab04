public import Configuration

/// What one run of the bench does.
public struct BenchPlan: Codable, Sendable, Equatable {
    public var calls: Int
    public var profile: CapacityProfile
    public var detector: BenchDetector
    public var tls: Bool
    /// Measured seconds, and those after the last call's begin that are not.
    public var seconds: Double
    public var warmUpSeconds: Double
    /// New calls a second until all are up.
    public var callsPerSecond: Double

    public init(
        calls: Int, profile: CapacityProfile = .passthrough, detector: BenchDetector = .energyEcho, tls: Bool = false,
        seconds: Double = 20, warmUpSeconds: Double = 5, callsPerSecond: Double = 100
    ) {
        (self.calls, self.profile, self.detector, self.tls) = (calls, profile, detector, tls)
        (self.seconds, self.warmUpSeconds, self.callsPerSecond) = (seconds, warmUpSeconds, callsPerSecond)
    }
}

/// A voice detector, by its name in `media-bridge stages`.
public enum BenchDetector: String, Codable, Sendable, CaseIterable {
    case energy
    case energyEcho = "energy-echo"
}
