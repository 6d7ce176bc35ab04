/// A key or token. It never shows in a description, a log line or a dump; `reveal()` says it aloud.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String
    /// The environment variable it came from; nil for one made in code.
    public let variable: String?

    public init(_ value: String, variable: String? = nil) { (self.value, self.variable) = (value, variable) }

    public func reveal() -> String { value }

    public var description: String { variable.map { "${\($0)}" } ?? "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
