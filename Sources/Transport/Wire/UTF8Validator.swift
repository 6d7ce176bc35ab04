internal import CFramePayload

/// Checks that bytes arriving in pieces are UTF-8, and fails on the first byte that cannot be.
///
/// - Thread: any one at a time.
/// - Source: RFC 3629, section 4 (no overlong forms, no surrogates, nothing above U+10FFFF).
public struct UTF8Validator: Sendable {
    /// Continuation bytes still owed by the character under way.
    private var owed: UInt8 = 0
    /// Range the next continuation byte must lie in; narrower than 80...BF only right after E0, ED, F0 and F4.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    public init() {}

    /// True between characters: text may end here.
    public var isComplete: Bool { owed == 0 }

    public mutating func reset() { self = UTF8Validator() }

    /// Takes the next piece. After false the validator is spent until `reset`.
    public mutating func append(_ piece: Span<UInt8>) -> Bool {
        let bytes = unsafe piece.bytes
        let count = bytes.byteCount
        var position = owed == 0 ? asciiPrefix(piece) : 0
        while position < count {
            if owed == 0 {
                // Sixteen bytes at a time until one has its top bit set.
                while position &+ 16 <= count {
                    let first = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
                    let second = unsafe bytes.unsafeLoadUnaligned(
                        fromUncheckedByteOffset: position &+ 8, as: UInt64.self)
                    if (first | second) & 0x8080_8080_8080_8080 != 0 { break }
                    position &+= 16
                }
                if position == count { return true }
            }
            let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
            position &+= 1
            if owed > 0 {
                guard byte >= low, byte <= high else { return false }
                (owed, low, high) = (owed &- 1, 0x80, 0xBF)
            } else if byte >= 0x80 {
                guard begin(byte) else { return false }
            }
        }
        return true
    }

    /// JSON is nearly all ASCII, and then all but its last few bytes are seen here.
    private func asciiPrefix(_ piece: Span<UInt8>) -> Int {
        unsafe piece.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            return unsafe frame_payload_ascii(start, bytes.count)
        }
    }

    private mutating func begin(_ lead: UInt8) -> Bool {
        switch lead {
        case 0xC2...0xDF: owed = 1
        case 0xE0: (owed, low) = (2, 0xA0)
        case 0xED: (owed, high) = (2, 0x9F)
        case 0xE1...0xEF: owed = 2
        case 0xF0: (owed, low) = (3, 0x90)
        case 0xF4: (owed, high) = (3, 0x8F)
        case 0xF1...0xF3: owed = 3
        default: return false
        }
        return true
    }
}
