/// How a peer broke RFC 6455, or a limit of ours.
public enum FrameViolation: String, Error, Sendable, CaseIterable {
    case reservedBits = "a reserved bit is set and no extension was agreed"
    case reservedOpcode = "reserved opcode"
    case maskMissing = "a client's frame is not masked"
    case maskUnexpected = "a server's frame is masked"
    case controlFragmented = "a control frame is fragmented"
    case controlTooLong = "a control frame is longer than 125 bytes"
    case lengthNotMinimal = "a length is not in its shortest form"
    case lengthTopBit = "the top bit of a 64-bit length is set"
    case continuationUnexpected = "a continuation with nothing to continue"
    case messageInterrupted = "a new message inside a fragmented one"
    case closePayloadTruncated = "a close frame with one byte of payload"
    case closeCodeInvalid = "a close code that must not be sent"
    case invalidUTF8 = "text is not UTF-8"
    case messageTooLarge = "the message is larger than the limit"
    case tooManyFragments = "the message has too many fragments"

    /// Code to close with. Source: RFC 6455, section 7.4.1.
    public var closeCode: UInt16 {
        switch self {
        case .invalidUTF8: 1007
        case .tooManyFragments: 1008
        case .messageTooLarge: 1009
        default: 1002
        }
    }

    /// A sentence for the close frame's reason and for people; at most 123 bytes.
    public var reason: String { rawValue }
}
