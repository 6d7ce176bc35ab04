public import Logging
import Dispatch
import Glibc
import Synchronization

/// The one who looks at counters and rings, once a second, and tells people.
public final class Telemetry: Sendable {
    public let metrics = MetricsRegistry()
    public let diagnostics: Diagnostics
    private let queue = DispatchQueue(label: "telemetry", qos: .utility)
    private let looks = Mutex<(previous: TelemetrySnapshot?, latest: TelemetrySnapshot?)>((nil, nil))
    private let timer = Mutex<(any DispatchSourceTimer)?>(nil)

    /// - Parameter nameOfCall: the call's identifier for a shard's number of it.
    public init(
        logger: Logger, intervalMilliseconds: Int = 10_000,
        nameOfCall: @escaping @Sendable (UInt64) -> String? = { _ in nil }
    ) {
        let diagnostics = Diagnostics(
            logger: logger, intervalMilliseconds: intervalMilliseconds, nameOfCall: nameOfCall)
        self.diagnostics = diagnostics
        for kind in DiagnosticKind.allCases {
            metrics.counter(
                "media_bridge_diagnostics_total", help: "Events worth telling, by cause.",
                labels: [("cause", MetricsRegistry.snakeCase("\(kind)"))]
            ) { diagnostics.total(kind) }
        }
        metrics.counter("media_bridge_diagnostics_lost_total", help: "Diagnostic records that found their ring full.") {
            diagnostics.lostCount
        }
    }

    /// Starts looking once a second, on a thread of its own.
    public func start() {
        timer.withLock { timer in
            guard timer == nil else { return }
            let source = DispatchSource.makeTimerSource(queue: queue)
            source.schedule(deadline: .now() + 1, repeating: 1, leeway: .milliseconds(50))
            source.setEventHandler { [weak self] in self?.poll(now: Self.monotonicNow()) }
            source.resume()
            timer = source
        }
    }

    /// Looks a last time and stops.
    public func stop() {
        timer.withLock { timer in
            timer?.cancel()
            timer = nil
        }
        queue.sync { poll(now: Self.monotonicNow()) }
    }

    /// One look: empties the diagnostic rings and reads every metric. `now` is monotonic nanoseconds. `start` calls it,
    /// tests and benchmarks may.
    public func poll(now: UInt64) {
        diagnostics.poll(now: now)
        let snapshot = TelemetrySnapshot(at: now, samples: metrics.samples())
        looks.withLock { $0 = ($0.latest, snapshot) }
    }

    /// What the last look saw; nil before the first.
    public var latest: TelemetrySnapshot? { looks.withLock { $0.latest } }

    /// How fast a counter rose between the last two looks, per second; nil before there are two or when it is unknown.
    public func rate(of name: String, labels: [String: String] = [:]) -> Double? {
        let (previous, latest) = looks.withLock { $0 }
        guard let previous, let latest, latest.at > previous.at, let before = previous.value(of: name, labels: labels),
            let after = latest.value(of: name, labels: labels)
        else { return nil }
        return (after - before) / (Double(latest.at - previous.at) / 1e9)
    }

    private static func monotonicNow() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
