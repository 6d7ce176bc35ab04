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

/// What hears the callers, by its name: `energy` alone, `energy-echo` (less what the agent's echo explains), or one of
/// `media-bridge stages`, echo included.
public struct BenchDetector: RawRepresentable, Codable, Sendable, Equatable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let energy = BenchDetector(rawValue: "energy")
    public static let energyEcho = BenchDetector(rawValue: "energy-echo")

    public var isEchoAware: Bool { self != .energy }
    /// `vad:` of the tenant that is called.
    public var tenantName: String { self == .energyEcho ? "energy" : rawValue }
}
