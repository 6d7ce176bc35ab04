/// Every metric as it stood at one moment.
public struct TelemetrySnapshot: Sendable, Equatable {
    /// Monotonic nanoseconds.
    public var at: UInt64
    public var samples: [MetricsRegistry.Sample]

    public func value(of name: String, labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }
}
