public import AudioPipeline
import Synchronization

/// Every number the service shows, by name. Registered at set-up, read by whoever asks: writers never wait.
///
/// Series of one name and the same labels add up, so each shard registers its own counter and the sum is shown. Names
/// follow Prometheus: `_total` ends a counter, base units (seconds, bytes) end the rest. Any thread.
public final class MetricsRegistry: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// One number of a family at one moment.
    public struct Sample: Sendable, Equatable {
        public var name: String
        public var labels: [String: String]
        public var value: Double
    }

    struct Series: Sendable {
        var labels: [(name: String, value: String)]
        var read: @Sendable () -> Value
    }
    enum Value: Sendable {
        case number(Double)
        case histogram(HistogramSnapshot)
    }
    struct Family: Sendable {
        var name: String
        var help: String
        var kind: Kind
        /// Upper bounds of the buckets shown, in seconds.
        var bounds: [Double] = []
        var series: [Series] = []
    }

    private let families = Mutex<[Family]>([])

    public init() {}

    /// 100 us to 10 s: ticks, socket writes, model answers.
    public static let latencyBounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.25, 2.5, 5, 10,
    ]

    // MARK: Registering

    public func counter(
        _ name: String, help: String, labels: [(name: String, value: String)] = [],
        read: @escaping @Sendable () -> UInt64
    ) {
        precondition(name.hasSuffix("_total"), "counter \(name): its name must end in _total")
        add(.init(name: name, help: help, kind: .counter), .init(labels: labels) { .number(Double(read())) })
    }

    public func counter(
        _ name: String, help: String, labels: [(name: String, value: String)] = [], _ counter: Counter
    ) {
        self.counter(name, help: help, labels: labels) { counter.value }
    }

    /// One series for each case of a block, told apart by `label`.
    public func counters<Name: CounterName>(
        _ name: String, help: String, label: String, labels: [(name: String, value: String)] = [],
        _ block: CounterBlock<Name>
    ) {
        for counted in Name.allCases {
            counter(name, help: help, labels: labels + [(label, Self.snakeCase("\(counted)"))]) { block[counted] }
        }
    }

    public func gauge(
        _ name: String, help: String, labels: [(name: String, value: String)] = [],
        read: @escaping @Sendable () -> Double
    ) {
        precondition(!name.hasSuffix("_total"), "gauge \(name): _total is for counters")
        add(.init(name: name, help: help, kind: .gauge), .init(labels: labels) { .number(read()) })
    }

    public func histogram(
        _ name: String, help: String, labels: [(name: String, value: String)] = [],
        bounds: [Double] = MetricsRegistry.latencyBounds, _ histogram: LatencyHistogram
    ) {
        precondition(name.hasSuffix("_seconds"), "histogram \(name): its name must end in _seconds")
        precondition(bounds == bounds.sorted() && !bounds.isEmpty, "histogram \(name): bounds must rise")
        add(
            .init(name: name, help: help, kind: .histogram, bounds: bounds),
            .init(labels: labels) { .histogram(histogram.snapshot()) })
    }

    private func add(_ family: Family, _ series: Series) {
        precondition(Self.isName(family.name), "metric name: \(family.name)")
        precondition(!family.help.isEmpty, "metric \(family.name): help is empty")
        for label in series.labels {
            precondition(
                Self.isName(label.name) && !label.name.contains(":") && label.name != "le",
                "metric \(family.name): label name \(label.name)")
        }
        families.withLock { families in
            if let index = families.firstIndex(where: { $0.name == family.name }) {
                precondition(
                    families[index].kind == family.kind && families[index].bounds == family.bounds,
                    "metric \(family.name): registered before as another kind")
                families[index].series.append(series)
            } else {
                families.append(family)
                families[families.count - 1].series.append(series)
            }
        }
    }

    // MARK: Reading

    /// Families with their series read and those of equal labels added up, sorted by name.
    func read() -> [(family: Family, values: [(labels: [(name: String, value: String)], value: Value)])] {
        let families = families.withLock { $0 }.sorted { $0.name < $1.name }
        return families.map { family in
            var values: [(labels: [(name: String, value: String)], value: Value)] = []
            for series in family.series {
                let value = series.read()
                let same = values.firstIndex { entry in
                    entry.labels.count == series.labels.count
                        && zip(entry.labels, series.labels).allSatisfy { $0.name == $1.name && $0.value == $1.value }
                }
                if let same {
                    values[same].value = Self.sum(values[same].value, value)
                } else {
                    values.append((series.labels, value))
                }
            }
            return (family, values)
        }
    }

    /// Every number now, for those who show it otherwise. A histogram gives `_count`, `_sum`, `_p50`, `_p99`, `_p999`
    /// and `_max`, times in seconds.
    public func samples() -> [Sample] {
        read().flatMap { family, values in
            values.flatMap { entry -> [Sample] in
                let labels = Dictionary(entry.labels.map { ($0.name, $0.value) }) { $1 }
                func sample(_ suffix: String, _ value: Double) -> Sample {
                    Sample(name: family.name + suffix, labels: labels, value: value)
                }
                switch entry.value {
                case .number(let number): return [sample("", number)]
                case .histogram(let snapshot):
                    let seconds = { (nanoseconds: UInt64) in Double(nanoseconds) / 1e9 }
                    return [
                        sample("_count", Double(snapshot.count)), sample("_sum", seconds(snapshot.sumNanoseconds)),
                        sample("_p50", seconds(snapshot.percentile(0.5))),
                        sample("_p99", seconds(snapshot.percentile(0.99))),
                        sample("_p999", seconds(snapshot.percentile(0.999))),
                        sample("_max", seconds(snapshot.maximumNanoseconds)),
                    ]
                }
            }
        }
    }

    private static func sum(_ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.number(let left), .number(let right)): return .number(left + right)
        case (.histogram(var left), .histogram(let right)):
            left.merge(right)
            return .histogram(left)
        default: return left
        }
    }

    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
                || $0 == 0x3A
        }
    }

    /// `carrierGap` becomes `carrier_gap`.
    static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
    }
}
