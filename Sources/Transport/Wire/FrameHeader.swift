/// The bytes before a frame's payload, 2 to 14 of them, lengths in their shortest form.
///
/// - Source: RFC 6455, section 5.2.
public struct FrameHeader: Sendable {
    public let bytes: InlineArray<14, UInt8>
    public let count: Int

    /// - Parameter maskKey: four key bytes in memory order; a client gives fresh random ones, a server nil.
    public init(_ opcode: FrameOpcode, isFinal: Bool = true, payloadBytes: Int, maskKey: UInt32? = nil) {
        precondition(payloadBytes >= 0, "payloadBytes: \(payloadBytes)")
        var bytes = InlineArray<14, UInt8>(repeating: 0)
        let maskBit: UInt8 = maskKey == nil ? 0 : 0x80
        bytes[0] = (isFinal ? 0x80 : 0) | opcode.rawValue
        var count = 2
        switch payloadBytes {
        case ..<126:
            bytes[1] = maskBit | UInt8(payloadBytes)
        case ..<65_536:
            bytes[1] = maskBit | 126
            bytes[2] = UInt8(payloadBytes >> 8)
            bytes[3] = UInt8(payloadBytes & 0xFF)
            count = 4
        default:
            bytes[1] = maskBit | 127
            for i in 0..<8 { bytes[2 + i] = UInt8(truncatingIfNeeded: payloadBytes >> (56 - 8 * i)) }
            count = 10
        }
        if let maskKey {
            let little = UInt32(littleEndian: maskKey)
            for i in 0..<4 { bytes[count + i] = UInt8(truncatingIfNeeded: little >> (8 * UInt32(i))) }
            count += 4
        }
        self.bytes = bytes
        self.count = count
    }

    /// Size of the header that `init` makes.
    public static func byteCount(payloadBytes: Int, isMasked: Bool) -> Int {
        (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10) + (isMasked ? 4 : 0)
    }
}
