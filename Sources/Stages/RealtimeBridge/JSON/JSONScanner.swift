/// Walks one JSON text in place: objects in any key order, unknown values skipped but checked, strings as slices of the
/// text. Walking allocates nothing.
///
/// The text is handed to each call instead of being kept, so that a scanner is a few words and nothing can outlive the
/// message. The first fault sticks: every later call answers "nothing more".
/// - Source: RFC 8259. Encoding is not checked here: the WebSocket layer has refused what is not UTF-8.
struct JSONScanner {
    /// How deep a skipped value may be nested.
    static let maximumDepth = 64

    private(set) var position: Int
    private(set) var fault: JSONFault?
    /// The next member or element is the first one, so no comma comes before it.
    private var isFirst = false

    init(at position: Int = 0) { self.position = position }

    // MARK: Objects and arrays

    /// Enters the object at the current position.
    @inline(__always)
    mutating func beginObject(_ text: Span<UInt8>) -> Bool {
        skipSpace(text)
        guard position < text.count else { return fail(.unexpectedEnd) }
        guard text[position] == UInt8(ascii: "{") else { return fail(.expectedObject) }
        position += 1
        isFirst = true
        return true
    }

    /// The next key of the object that was entered last and is not yet left; the scanner then stands at its value, which
    /// must be read or skipped. Nil after the last member, or on a fault.
    @inline(__always)
    mutating func nextKey(_ text: Span<UInt8>) -> JSONSlice? {
        guard fault == nil, advance(text, past: UInt8(ascii: "}")) else { return nil }
        return key(text)
    }

    /// Enters the array at the current position. False, and the value skipped, when it is something else.
    mutating func beginArray(_ text: Span<UInt8>) -> Bool {
        skipSpace(text)
        guard position < text.count, text[position] == UInt8(ascii: "[") else {
            skip(text)
            return false
        }
        position += 1
        isFirst = true
        return true
    }

    /// True when the scanner stands at the next element of the array. False after the last, or on a fault.
    mutating func nextElement(_ text: Span<UInt8>) -> Bool {
        guard fault == nil else { return false }
        return advance(text, past: UInt8(ascii: "]"))
    }

    /// True when the value at the current position is an object; nothing is read.
    mutating func isObject(_ text: Span<UInt8>) -> Bool {
        skipSpace(text)
        return position < text.count && text[position] == UInt8(ascii: "{")
    }

    /// Checks that only white space is left.
    @inline(__always)
    mutating func finish(_ text: Span<UInt8>) -> Bool {
        guard fault == nil else { return false }
        skipSpace(text)
        return position == text.count || fail(.trailingBytes)
    }

    // MARK: Values

    /// The string at the current position. Nil, and the value skipped, when it is something else.
    @inline(__always)
    mutating func string(_ text: Span<UInt8>) -> JSONSlice? {
        guard position < text.count, text[position] == UInt8(ascii: "\"") else {
            skip(text)
            return nil
        }
        return scanString(text)
    }

    /// The whole number at the current position, written as a number or as a string. Nil, and the value skipped, when
    /// it is something else or has more than 18 digits.
    @inline(__always)
    mutating func integer(_ text: Span<UInt8>) -> Int64? {
        guard position < text.count else {
            fail(.unexpectedEnd)
            return nil
        }
        if text[position] == UInt8(ascii: "\"") {
            guard let slice = scanString(text) else { return nil }
            return Self.wholeNumber(text, from: slice.lower, to: slice.upper)
        }
        let lower = position
        skip(text)
        return fault == nil ? Self.wholeNumber(text, from: lower, to: position) : nil
    }

    /// `true` or `false`. Nil, and the value skipped, when it is something else.
    mutating func boolean(_ text: Span<UInt8>) -> Bool? {
        let lower = position
        skip(text)
        guard fault == nil, lower < text.count else { return nil }
        switch text[lower] {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: return nil
        }
    }

    /// Passes over one value, whatever it is, and checks that it is well formed.
    @discardableResult
    mutating func skip(_ text: Span<UInt8>) -> Bool {
        var depth = 0
        var objects: UInt64 = 0  // One bit per open level, lowest innermost: set for an object.
        while true {
            skipSpace(text)
            guard position < text.count else { return fail(.unexpectedEnd) }
            var isOpened = false
            switch text[position] {
            case UInt8(ascii: "\""):
                guard scanString(text) != nil else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < Self.maximumDepth else { return fail(.tooDeep) }
                depth += 1
                objects = objects << 1 | (text[position] == UInt8(ascii: "{") ? 1 : 0)
                position += 1
                isFirst = true
                isOpened = true
            case UInt8(ascii: "t"): guard literal("true", text) else { return false }
            case UInt8(ascii: "f"): guard literal("false", text) else { return false }
            case UInt8(ascii: "n"): guard literal("null", text) else { return false }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): guard number(text) else { return false }
            default: return fail(.expectedValue)
            }
            if !isOpened { isFirst = false }
            // Leave every level that ends here, then stand at the next value.
            while true {
                guard depth > 0 else { return true }
                let isObject = objects & 1 == 1
                if advance(text, past: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { guard key(text) != nil else { return false } }
                    break
                }
                guard fault == nil else { return false }
                depth -= 1
                objects >>= 1
            }
        }
    }

    // MARK: Tokens

    /// Steps over the comma to the next member or element, or over `closing`: then false.
    @inline(__always)
    private mutating func advance(_ text: Span<UInt8>, past closing: UInt8) -> Bool {
        skipSpace(text)
        guard position < text.count else { return fail(.unexpectedEnd) }
        if text[position] == closing {
            position += 1
            isFirst = false
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        guard text[position] == UInt8(ascii: ",") else { return fail(.expectedComma) }
        position += 1
        skipSpace(text)
        guard position < text.count else { return fail(.unexpectedEnd) }
        guard text[position] != closing else {
            return fail(closing == UInt8(ascii: "}") ? .expectedKey : .expectedValue)
        }
        return true
    }

    @inline(__always)
    private mutating func key(_ text: Span<UInt8>) -> JSONSlice? {
        guard text[position] == UInt8(ascii: "\"") else {
            fail(.expectedKey)
            return nil
        }
        guard let key = scanString(text) else { return nil }
        skipSpace(text)
        guard position < text.count else {
            fail(.unexpectedEnd)
            return nil
        }
        guard text[position] == UInt8(ascii: ":") else {
            fail(.expectedColon)
            return nil
        }
        position += 1
        skipSpace(text)
        return key
    }

    /// The string whose opening quote is at the current position.
    @inline(__always)
    mutating func scanString(_ text: Span<UInt8>) -> JSONSlice? {
        let lower = position + 1
        var index = lower
        while index + 8 <= text.count {
            let word = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let special = Self.specialBytes(UInt64(littleEndian: word))
            guard special == 0 else {
                index += special.trailingZeroBitCount >> 3
                guard text[index] == UInt8(ascii: "\"") else { break }
                position = index + 1
                return JSONSlice(lower: lower, upper: index, isEscaped: false)
            }
            index += 8
        }
        // The text's last word, moved down to where the string goes on. What comes in behind it is zero: no text either.
        let left = text.count - index
        if left > 0, left < 8, text.count >= 8 {
            let last = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self)
            let word = UInt64(littleEndian: last) &>> UInt64(truncatingIfNeeded: (8 - left) * 8)
            let end = index + Self.specialBytes(word).trailingZeroBitCount >> 3
            if end < text.count, text[end] == UInt8(ascii: "\"") {
                position = end + 1
                return JSONSlice(lower: lower, upper: end, isEscaped: false)
            }
        }
        return scanStringSlowly(text, lower: lower, from: index)
    }

    /// The rest of a string that holds an escape, a control character or the end of the text.
    private mutating func scanStringSlowly(_ text: Span<UInt8>, lower: Int, from start: Int) -> JSONSlice? {
        var index = start
        var isEscaped = false
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return JSONSlice(lower: lower, upper: index, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                guard let length = escapeLength(text, at: index) else { return nil }
                index += length
            case ..<0x20:
                fail(.controlCharacter)
                return nil
            default: index += 1
            }
        }
        fail(.unexpectedEnd)
        return nil
    }

    private mutating func escapeLength(_ text: Span<UInt8>, at index: Int) -> Int? {
        guard index + 1 < text.count else {
            fail(.unexpectedEnd)
            return nil
        }
        switch text[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            for offset in 2..<6 {
                guard index + offset < text.count else {
                    fail(.unexpectedEnd)
                    return nil
                }
                guard Self.hexValue(text[index + offset]) != nil else {
                    fail(.badEscape)
                    return nil
                }
            }
            return 6
        default:
            fail(.badEscape)
            return nil
        }
    }

    private mutating func literal(_ name: StaticString, _ text: Span<UInt8>) -> Bool {
        for offset in 0..<name.utf8CodeUnitCount {
            guard position + offset < text.count else { return fail(.unexpectedEnd) }
            let expected = unsafe name.utf8Start[offset]
            guard text[position + offset] == expected else { return fail(.expectedValue) }
        }
        position += name.utf8CodeUnitCount
        return true
    }

    private mutating func number(_ text: Span<UInt8>) -> Bool {
        if text[position] == UInt8(ascii: "-") { position += 1 }
        guard position < text.count else { return fail(.unexpectedEnd) }
        if text[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            guard digits(text) else { return false }
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            guard digits(text) else { return false }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard digits(text) else { return false }
        }
        return true
    }

    /// One digit or more.
    private mutating func digits(_ text: Span<UInt8>) -> Bool {
        guard position < text.count else { return fail(.unexpectedEnd) }
        let lower = position
        while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position > lower || fail(.badNumber)
    }

    @inline(__always)
    mutating func skipSpace(_ text: Span<UInt8>) {
        while position < text.count, text[position] <= 0x20 {
            switch text[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// Goes on behind a value that another reader has consumed, such as a payload decoded in place.
    @inline(__always)
    mutating func move(to position: Int) { self.position = position }

    /// Remembers the first fault. Always false, so that it can stand in a `return`.
    @discardableResult
    @inline(never)
    mutating func fail(_ fault: JSONFault) -> Bool {
        if self.fault == nil { self.fault = fault }
        return false
    }

    // MARK: Arithmetic

    /// A bit set in each byte of `word` that is a quote, a backslash or below 0x20. Only the lowest one is exact.
    @inline(__always)
    private static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101, highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ ones &* 0x22, backslash = word ^ ones &* 0x5C
        return ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word) & highs
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The digits from `lower` on, up to eighteen: where they end, and their number. Nil where there is none, or one more.
    @inline(__always)
    static func digits(_ text: Span<UInt8>, from lower: Int) -> (end: Int, number: Int64)? {
        if lower >= 0, text.count - lower >= 8 {
            let word = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: lower, as: UInt64.self)
            // A digit's byte is 0 to 9 here; adding carries out of none before the first other. Then pairs, and pairs of pairs.
            let values = UInt64(littleEndian: word) ^ 0x3030_3030_3030_3030
            let others = (values &+ 0x7676_7676_7676_7676 | values) & 0x8080_8080_8080_8080
            let count = others.trailingZeroBitCount >> 3
            if count == 0 { return nil }
            if count < 8 {
                var number = values &<< UInt64(truncatingIfNeeded: 64 - count * 8)
                number = (number &* 2_561) &>> 8 & 0x00FF_00FF_00FF_00FF
                number = (number &* 6_553_601) &>> 16 & 0x0000_FFFF_0000_FFFF
                return (lower + count, Int64((number &* 42_949_672_960_001) &>> 32))
            }
        }
        var end = lower
        while end < text.count, text[end] &- UInt8(ascii: "0") < 10 { end += 1 }
        guard let number = wholeNumber(text, from: lower, to: end) else { return nil }
        return (end, number)
    }

    /// Decimal digits with an optional minus, at most 18 of them.
    @inline(__always)
    static func wholeNumber(_ text: Span<UInt8>, from lower: Int, to upper: Int) -> Int64? {
        var index = lower
        let isNegative = index < upper && text[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        guard index < upper, upper - index <= 18 else { return nil }
        var value: Int64 = 0
        while index < upper {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int64(digit)
            index += 1
        }
        return isNegative ? -value : value
    }
}
