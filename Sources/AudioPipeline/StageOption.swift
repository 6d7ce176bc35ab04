/// One option that an engine takes, for `media-bridge stages`.
public struct StageOption: Sendable, Equatable {
    public let name: String
    /// What it means, and its default.
    public let about: String
    public init(_ name: String, _ about: String) { (self.name, self.about) = (name, about) }
}
