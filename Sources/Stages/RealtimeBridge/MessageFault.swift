/// Why a message of the other side could not be read. It is counted and dropped; it never ends the process.
public enum MessageFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not JSON. `offset` counts bytes from the start of the message.
    case json(JSONFault, offset: Int)
    /// A required field is not there.
    case missing(field: String)
    /// A field holds something else than it must.
    case invalid(field: String, expected: String)
    /// Audio that is not canonical base64.
    case badBase64(field: String)
    /// The message, or the audio in it, is longer than this side takes.
    case tooLong(limitBytes: Int)
    /// A binary message where only text is defined.
    case binary

    public var description: String {
        switch self {
        case .json(let fault, let offset): "not JSON at byte \(offset): \(fault.rawValue)"
        case .missing(let field): "\(field): missing"
        case .invalid(let field, let expected): "\(field): expected \(expected)"
        case .badBase64(let field): "\(field): not base64"
        case .tooLong(let limit): "longer than \(limit) bytes"
        case .binary: "a binary message, expected text"
        }
    }
}
