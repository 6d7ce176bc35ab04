/// Why a recording could not be read or written, in a sentence that names the file, the field, its value and what was
/// expected.
public struct RecordingError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The file could not be opened, read or written.
        case file
        /// The bytes are not a RIFF/WAVE file.
        case notWAV
        /// A WAVE file, but not with this encoding, rate or number of channels.
        case unsupportedFormat
        /// The recording would outgrow its file format.
        case tooLong
        /// The encoder behind a sink failed.
        case encoder
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    public var description: String { message }
}
