internal import CFramePayload

/// The XOR of RFC 6455, section 5.3, 32 bytes at a time where the processor has AVX2, then eight. `key` holds its four wire bytes in memory order.
enum FrameMask {
    /// Copies `count` bytes from `source` to `target` (which may be the same), masked as bytes `offset...` of a payload.
    static func apply(
        _ key: UInt32, offset: Int, from source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>,
        count: Int
    ) {
        let turn = UInt32(truncatingIfNeeded: offset & 3) &* 8
        let little = UInt32(littleEndian: key)
        let turned = turn == 0 ? little : little &>> turn | little &<< (32 &- turn)
        let word = (UInt64(turned) &<< 32 | UInt64(turned)).littleEndian
        let input = unsafe UnsafeRawPointer(source)
        let output = UnsafeMutableRawPointer(target)
        var position = unsafe frame_payload_mask(source, target, count, turned.littleEndian)
        while position &+ 8 <= count {
            let masked = unsafe input.loadUnaligned(fromByteOffset: position, as: UInt64.self) ^ word
            unsafe output.storeBytes(of: masked, toByteOffset: position, as: UInt64.self)
            position &+= 8
        }
        var rest = word.littleEndian
        while position < count {
            unsafe target[position] = source[position] ^ UInt8(truncatingIfNeeded: rest)
            rest &>>= 8
            position &+= 1
        }
    }
}
