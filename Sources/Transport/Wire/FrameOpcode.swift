/// What a WebSocket frame carries. Source: RFC 6455, section 5.2.
public enum FrameOpcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    public var isControl: Bool { rawValue & 0x8 != 0 }

    /// Largest payload of a control frame. RFC 6455, section 5.5.
    public static var maximumControlBytes: Int { 125 }
}
