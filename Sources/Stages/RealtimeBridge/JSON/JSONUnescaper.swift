/// Reads the text of an escaped string as UTF-8, byte by byte and without memory of its own. The scanner has checked
/// the escapes; a lone surrogate becomes U+FFFD.
struct JSONUnescaper {
    private var position: Int
    private let upper: Int
    /// Bytes of one escape not yet handed out, lowest first.
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(_ slice: JSONSlice) {
        position = slice.lower
        upper = slice.upper
    }

    mutating func next(_ text: Span<UInt8>) -> UInt8? {
        if pendingCount > 0 { return takePending() }
        guard position < upper else { return nil }
        let byte = text[position]
        position += 1
        guard byte == UInt8(ascii: "\\"), position < upper else { return byte }
        let escape = text[position]
        position += 1
        switch escape {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"):
            setPending(scalar(text))
            return takePending()
        default: return escape  // Quote, backslash, slash.
        }
    }

    /// The code point of the escape whose `\u` was just read, joined with its other half where it is a surrogate.
    private mutating func scalar(_ text: Span<UInt8>) -> UInt32 {
        let first = hex(text)
        guard first & 0xF800 == 0xD800 else { return first }
        guard first < 0xDC00, position + 6 <= upper, text[position] == UInt8(ascii: "\\"),
            text[position + 1] == UInt8(ascii: "u")
        else { return 0xFFFD }
        let afterFirst = position
        position += 2
        let second = hex(text)
        guard second & 0xFC00 == 0xDC00 else {
            position = afterFirst
            return 0xFFFD
        }
        return 0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF)
    }

    private mutating func hex(_ text: Span<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        let end = min(position + 4, upper)
        while position < end {
            value = value << 4 | UInt32(JSONScanner.hexValue(text[position]) ?? 0)
            position += 1
        }
        return value
    }

    private mutating func setPending(_ scalar: UInt32) {
        switch scalar {
        case ..<0x80:
            (pending, pendingCount) = (scalar, 1)
        case ..<0x800:
            (pending, pendingCount) = (0xC0 | scalar >> 6 | (0x80 | scalar & 0x3F) << 8, 2)
        case ..<0x10000:
            pending = 0xE0 | scalar >> 12 | (0x80 | scalar >> 6 & 0x3F) << 8 | (0x80 | scalar & 0x3F) << 16
            pendingCount = 3
        default:
            pending = 0xF0 | scalar >> 18 | (0x80 | scalar >> 12 & 0x3F) << 8
            pending |= (0x80 | scalar >> 6 & 0x3F) << 16 | (0x80 | scalar & 0x3F) << 24
            pendingCount = 4
        }
    }

    private mutating func takePending() -> UInt8 {
        let byte = UInt8(truncatingIfNeeded: pending)
        pending >>= 8
        pendingCount -= 1
        return byte
    }
}
