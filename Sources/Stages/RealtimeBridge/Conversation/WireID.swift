/// An identifier that another side chose (response, item, stream, tool call): at most 63 bytes, kept inline so that
/// comparing one against an audio delta costs no allocation.
public struct WireID: Hashable, Sendable, BitwiseCopyable {
    // 64 bytes, zero-padded. A wire identifier never holds a zero byte, so the padding cannot be mistaken for text.
    private var words: SIMD8<UInt64>

    /// Longest identifier that fits, in bytes.
    public static let capacity = 63

    /// - Returns: nil when `bytes` is empty, longer than `capacity`, or holds a zero byte.
    public init?(_ bytes: borrowing Span<UInt8>) {
        let count = bytes.count
        guard count > 0, count <= Self.capacity else { return nil }
        var words = SIMD8<UInt64>(repeating: 0)
        let full = count >> 3, rest = count & 7
        var zeros: UInt64 = 0
        unsafe bytes.withUnsafeBytes { source in
            for index in 0..<full {
                let word = unsafe UInt64(
                    littleEndian: source.loadUnaligned(fromByteOffset: index << 3, as: UInt64.self))
                zeros |= (word &- 0x0101_0101_0101_0101) & ~word
                words[index] = word
            }
            guard rest > 0 else { return }
            var word: UInt64 = 0
            if full > 0 {
                // The last eight bytes, without those that the word before has.
                let last = unsafe source.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
                word = UInt64(littleEndian: last) &>> UInt64((8 - rest) << 3)
            } else {
                for index in 0..<rest { word |= UInt64(unsafe source[index]) &<< UInt64(index << 3) }
            }
            words[full] = word
            // Bytes behind the end of the text are none of its zeros.
            let filled = word | ~0 &<< UInt64(rest << 3)
            zeros |= (filled &- 0x0101_0101_0101_0101) & ~filled
        }
        guard zeros & 0x8080_8080_8080_8080 == 0 else { return nil }
        self.words = words
    }

    /// - Returns: nil when `text` is empty, longer than `capacity` bytes of UTF-8, or holds U+0000.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span)
    }

    /// Bytes of the identifier, 1 ... 63.
    public var count: Int {
        var last = 7
        while last > 0, words[last] == 0 { last -= 1 }
        return (last << 3) + 8 - words[last].leadingZeroBitCount >> 3
    }

    public func byte(at index: Int) -> UInt8 {
        precondition(index >= 0 && index < 64, "index: \(index)")
        return UInt8(truncatingIfNeeded: words[index >> 3] >> UInt64((index & 7) << 3))
    }
}

extension WireID: CustomStringConvertible, ExpressibleByStringLiteral {
    public var description: String {
        String(decoding: (0..<count).map { byte(at: $0) }, as: UTF8.self)
    }

    public init(stringLiteral value: String) {
        guard let identifier = WireID(value) else { preconditionFailure("not a wire identifier: \(value)") }
        self = identifier
    }
}
