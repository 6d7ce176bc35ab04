/// Counters of `/metrics`' text, by name and one label.
public struct CounterText: Sendable {
    private let text: String
    public init(_ text: String) { self.text = text }

    /// The sum of all series of `name` that have `label`; 0 when there is none.
    public func sum(_ name: String, _ label: String, _ value: String) -> UInt64 {
        let wanted = "\(label)=\"\(value)\""
        var sum = 0.0
        for line in text.split(separator: "\n") where line.hasPrefix(name + "{") && line.contains(wanted) {
            sum += line.split(separator: " ").last.flatMap { Double($0) } ?? 0
        }
        return UInt64(max(0, sum))
    }
}
