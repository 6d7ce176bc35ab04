/// Everything that is wrong with a configuration, all at once, one line each.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        public var file: String
        /// From 1; nil when the file itself is the problem.
        public var line: Int?
        public var column: Int?
        /// `tenants[0].language`; empty for the document as a whole.
        public var field: String
        /// What is wrong and what was expected.
        public var message: String

        public var description: String {
            let place = [file, line.map(String.init), column.map(String.init)].compactMap(\.self)
            return ([place.joined(separator: ":")] + (field.isEmpty ? [] : [field]) + [message]).joined(separator: ": ")
        }
    }

    /// In the order of the file.
    public let problems: [Problem]

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
