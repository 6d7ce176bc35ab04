/// What a configuration says of one stage beyond its name: `weights: /etc/media-bridge/silero.safetensors`.
///
/// An engine takes what it knows and then says `finish`, which refuses the rest: a misspelt option is never ignored.
public struct StageOptions: Sendable, Equatable {
    private var values: [String: String]

    public init(_ values: [String: String] = [:]) { self.values = values }

    public var names: [String] { values.keys.sorted() }

    /// The option's text; nil when it is not there.
    public mutating func take(_ name: String) -> String? { values.removeValue(forKey: name) }

    public mutating func require(_ name: String, _ expected: String) throws(StageFault) -> String {
        guard let text = take(name) else { throw StageFault("option `\(name)` is missing; \(expected) was expected") }
        return text
    }

    public mutating func integer(
        _ name: String, in range: ClosedRange<Int>, default value: Int
    ) throws(StageFault) -> Int {
        guard let text = take(name) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw StageFault(
                "option `\(name)`: `\(text)` does not fit; a whole number from \(range.lowerBound) to \(range.upperBound) was expected"
            )
        }
        return number
    }

    /// - Throws: when something is left that nobody asked for.
    public func finish() throws(StageFault) {
        guard let name = names.first else { return }
        throw StageFault("option `\(name)` is not known to this engine")
    }
}
