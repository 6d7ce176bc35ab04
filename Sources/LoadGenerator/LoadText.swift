import CLinux
import Glibc

/// What a load run needs of JSON: where something stands in bytes. It speaks with one peer, whose messages are judged by
/// the tests of the bridge, not here.
enum LoadText {
    static func find(_ words: StaticString, in bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count else { return nil }
        guard
            let found = unsafe memmem(
                base + start, bytes.count - start, words.utf8Start, words.utf8CodeUnitCount)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    /// The text between the quotes that follow `key` (which ends with `:`), spaces allowed before them.
    static func value(
        after key: StaticString, in bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0
    ) -> Range<Int>? {
        guard let at = unsafe find(key, in: bytes, from: start) else { return nil }
        var index = at + key.utf8CodeUnitCount
        while index < bytes.count, unsafe bytes[index] == 0x20 { index += 1 }
        guard index < bytes.count, unsafe bytes[index] == UInt8(ascii: "\""), let base = bytes.baseAddress else {
            return nil
        }
        index += 1
        guard let end = unsafe memchr(base + index, 0x22, bytes.count - index) else { return nil }
        return index..<(unsafe UnsafeRawPointer(end) - UnsafeRawPointer(base))
    }

    /// The whole value that follows `key`: up to the brace that closes it.
    static func object(after key: StaticString, in bytes: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        guard let at = unsafe find(key, in: bytes) else { return nil }
        var index = at + key.utf8CodeUnitCount
        while index < bytes.count, unsafe bytes[index] == 0x20 { index += 1 }
        let start = index
        var depth = 0
        var isText = false
        while index < bytes.count {
            let byte = unsafe bytes[index]
            if isText {
                if byte == UInt8(ascii: "\\") { index += 1 } else if byte == UInt8(ascii: "\"") { isText = false }
            } else if byte == UInt8(ascii: "\"") {
                isText = true
            } else if byte == UInt8(ascii: "{") {
                depth += 1
            } else if byte == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return start..<index + 1 }
            }
            index += 1
        }
        return nil
    }

    /// Bytes that base64 of this many characters stands for; padding counts as none.
    static func decodedBytes(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        var count = text.count / 4 * 3
        if text.count >= 4 {
            if unsafe text[text.count - 1] == UInt8(ascii: "=") { count -= 1 }
            if unsafe text[text.count - 2] == UInt8(ascii: "=") { count -= 1 }
        }
        return count
    }

    /// The byte at `index` of what base64 stands for.
    static func byte(_ index: Int, of text: UnsafeBufferPointer<UInt8>) -> UInt8 {
        let group = index / 3 * 4
        guard group + 3 < text.count else { return 0 }
        let word =
            unsafe UInt32(digit(text[group])) << 18 | UInt32(digit(text[group + 1])) << 12
            | UInt32(digit(text[group + 2])) << 6 | UInt32(digit(text[group + 3]))
        return UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * (index % 3)))
    }

    private static func digit(_ code: UInt8) -> UInt8 {
        switch code {
        case 0x41...0x5A: code - 0x41
        case 0x61...0x7A: code - 0x61 + 26
        case 0x30...0x39: code - 0x30 + 52
        case 0x2B: 62
        case 0x2F: 63
        default: 0
        }
    }
}
