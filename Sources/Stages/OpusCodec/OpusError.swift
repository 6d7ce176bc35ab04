/// Why an Opus encoder, decoder or file could not be made or written: what was tried, and what the library said.
public struct OpusError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// Opus has no such sample rate or number of channels.
        case unsupportedFormat
        /// The library refused a setting.
        case setting
        /// The file could not be created or written.
        case file
        /// Anything else the library says.
        case library
    }

    public let code: Code
    public let message: String
    /// libopus' or libopusenc's own number; 0 when neither was asked.
    public let libraryStatus: Int32

    init(_ code: Code, _ message: String, libraryStatus: Int32 = 0) {
        (self.code, self.message, self.libraryStatus) = (code, message, libraryStatus)
    }

    public var description: String { message }
}
