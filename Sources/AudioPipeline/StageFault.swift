/// Why a stage could not be made, in a sentence that names the setting, its value and what was expected.
public struct StageFault: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
