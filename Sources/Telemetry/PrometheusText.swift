import AudioPipeline

extension MetricsRegistry {
    /// The media type of `prometheusText()`.
    public static let prometheusContentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Everything registered, in Prometheus' text format 0.0.4.
    public func prometheusText() -> String {
        var text = ""
        for (family, values) in read() {
            let help = family.help.reduce(into: "") { $0 += $1 == "\\" ? "\\\\" : $1 == "\n" ? "\\n" : String($1) }
            text += "# HELP \(family.name) \(help)\n# TYPE \(family.name) \(family.kind.rawValue)\n"
            for entry in values {
                switch entry.value {
                case .number(let number):
                    text += "\(family.name)\(Self.labels(entry.labels)) \(Self.number(number))\n"
                case .histogram(let snapshot): text += Self.histogram(family, entry.labels, snapshot)
                }
            }
        }
        return text
    }

    private static func histogram(
        _ family: Family, _ labels: [(name: String, value: String)], _ snapshot: HistogramSnapshot
    ) -> String {
        var text = ""
        // Counted once: a bucket may not exceed the total that is shown beside it.
        let count = snapshot.count
        for bound in family.bounds {
            let within = snapshot.count(upTo: UInt64((bound * 1e9).rounded()))
            text += "\(family.name)_bucket\(Self.labels(labels + [("le", number(bound))])) \(within)\n"
        }
        text += "\(family.name)_bucket\(Self.labels(labels + [("le", "+Inf")])) \(count)\n"
        text += "\(family.name)_sum\(Self.labels(labels)) \(number(Double(snapshot.sumNanoseconds) / 1e9))\n"
        text += "\(family.name)_count\(Self.labels(labels)) \(count)\n"
        return text
    }

    private static func labels(_ labels: [(name: String, value: String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            let value = label.value.reduce(into: "") { escaped, character in
                switch character {
                case "\\": escaped += "\\\\"
                case "\"": escaped += "\\\""
                case "\n": escaped += "\\n"
                default: escaped.append(character)
                }
            }
            return "\(label.name)=\"\(value)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), value.magnitude < 9e15 { return String(Int64(value)) }
        return "\(value)"
    }
}
