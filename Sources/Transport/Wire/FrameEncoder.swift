/// Writes WebSocket frames into memory the caller owns. Allocates nothing.
///
/// - Source: RFC 6455, sections 5 and 5.5.
public enum FrameEncoder {
    /// Whole size of a frame.
    public static func byteCount(payloadBytes: Int, isMasked: Bool) -> Int {
        FrameHeader.byteCount(payloadBytes: payloadBytes, isMasked: isMasked) + payloadBytes
    }

    /// Writes one frame to the start of `target`. Traps when `target` is shorter than `byteCount`.
    ///
    /// - Parameter maskKey: four key bytes in memory order; a client gives fresh random ones, a server nil.
    /// - Returns: bytes written.
    @discardableResult public static func encode(
        _ opcode: FrameOpcode, isFinal: Bool = true, payload: Span<UInt8>, maskKey: UInt32? = nil,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        precondition(!opcode.isControl || payload.count <= FrameOpcode.maximumControlBytes, "payload: \(payload.count)")
        let header = FrameHeader(opcode, isFinal: isFinal, payloadBytes: payload.count, maskKey: maskKey)
        let total = header.count + payload.count
        precondition(target.count >= total, "target.count: \(target.count), needed: \(total)")
        for i in 0..<header.count { unsafe target[i] = header.bytes[i] }
        unsafe payload.withUnsafeBufferPointer { source in
            guard let from = source.baseAddress, let to = target.baseAddress else { return }
            if let maskKey {
                unsafe FrameMask.apply(maskKey, offset: 0, from: from, to: to + header.count, count: source.count)
            } else {
                unsafe (to + header.count).update(from: from, count: source.count)
            }
        }
        return total
    }

    /// Largest close frame: header, mask, code and 123 bytes of reason.
    public static var maximumCloseFrameBytes: Int { 2 + 4 + FrameOpcode.maximumControlBytes }

    /// Writes a close frame; `reason` is cut to 123 bytes between characters. `code` nil writes an empty payload.
    @discardableResult public static func encodeClose(
        code: UInt16?, reason: String = "", maskKey: UInt32? = nil, into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        var payload = InlineArray<125, UInt8>(repeating: 0)
        var count = 0
        if let code {
            payload[0] = UInt8(code >> 8)
            payload[1] = UInt8(code & 0xFF)
            count = 2
            for character in reason.unicodeScalars {
                let encoded = UTF8.encode(character)!
                guard count + encoded.count <= payload.count else { break }
                for byte in encoded {
                    payload[count] = byte
                    count += 1
                }
            }
        }
        return unsafe encode(.close, payload: payload.span.extracting(0..<count), maskKey: maskKey, into: target)
    }
}
