/// Base64 with padding, RFC 4648 section 4.
enum Base64 {
    static func append(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let a = UInt32(bytes[index])
            let b = left > 1 ? UInt32(bytes[index + 1]) : 0
            let c = left > 2 ? UInt32(bytes[index + 2]) : 0
            let word = a << 16 | b << 8 | c
            text.append(digit(word >> 18 & 63))
            text.append(digit(word >> 12 & 63))
            text.append(left > 1 ? digit(word >> 6 & 63) : UInt8(ascii: "="))
            text.append(left > 2 ? digit(word & 63) : UInt8(ascii: "="))
            index += 3
        }
    }

    /// - Returns: false when `text` is not whole, correctly padded base64; `bytes` may hold a part then.
    static func decode(_ text: Span<UInt8>, into bytes: inout [UInt8]) -> Bool {
        guard text.count.isMultiple(of: 4) else { return false }
        var index = 0
        while index < text.count {
            let last = index + 4 == text.count
            let pad3 = last && text[index + 3] == UInt8(ascii: "=")
            let pad2 = pad3 && text[index + 2] == UInt8(ascii: "=")
            let a = value(text[index]), b = value(text[index + 1])
            let c = pad2 ? 0 : value(text[index + 2])
            let d = pad3 ? 0 : value(text[index + 3])
            if (a | b | c | d) & 0xC0 != 0 { return false }
            let word = UInt32(a) << 18 | UInt32(b) << 12 | UInt32(c) << 6 | UInt32(d)
            bytes.append(UInt8(truncatingIfNeeded: word >> 16))
            if !pad2 { bytes.append(UInt8(truncatingIfNeeded: word >> 8)) }
            if !pad3 { bytes.append(UInt8(truncatingIfNeeded: word)) }
            index += 4
        }
        return true
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: value)
        switch value {
        case 0..<26: return value + UInt8(ascii: "A")
        case 26..<52: return value - 26 + UInt8(ascii: "a")
        case 52..<62: return value - 52 + UInt8(ascii: "0")
        case 62: return UInt8(ascii: "+")
        default: return UInt8(ascii: "/")
        }
    }

    /// 0 ... 63, or 0xFF for a byte that is no digit.
    private static func value(_ digit: UInt8) -> UInt8 {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): return 62
        case UInt8(ascii: "/"): return 63
        default: return 0xFF
        }
    }
}
