internal import Conversation

extension PlaybackMark {
    /// Longest name in bytes: `g`, three 32-bit decimals and two dots.
    static let longestName = 33

    /// Reads `g<generation>.<item>.<samples>`. Nil when the name is not one of ours.
    init?(name slice: JSONSlice, in text: Span<UInt8>) {
        guard !slice.isEscaped, slice.count <= Self.longestName, slice.count > 0,
            text[slice.lower] == UInt8(ascii: "g")
        else { return nil }
        var index = slice.lower + 1
        guard let generation = Self.number(text, &index, to: slice.upper, before: UInt8(ascii: ".")),
            let ordinal = Self.number(text, &index, to: slice.upper, before: UInt8(ascii: ".")),
            let samples = Self.number(text, &index, to: slice.upper, before: nil)
        else { return nil }
        self.init(generation: generation, item: PlayoutItem(ordinal: ordinal), samples: samples)
    }

    /// Decimal digits up to `terminator`, which is passed over, or to the end when that is nil.
    private static func number(
        _ text: Span<UInt8>, _ index: inout Int, to upper: Int, before terminator: UInt8?
    ) -> UInt32? {
        let lower = index
        var value: UInt64 = 0
        while index < upper, text[index] &- UInt8(ascii: "0") < 10, index - lower < 10 {
            value = value * 10 + UInt64(text[index] - UInt8(ascii: "0"))
            index += 1
        }
        guard index > lower, value <= UInt64(UInt32.max) else { return nil }
        if let terminator {
            guard index < upper, text[index] == terminator else { return nil }
            index += 1
        } else {
            guard index == upper else { return nil }
        }
        return UInt32(value)
    }

    /// Writes the name at `offset`; returns the index behind it.
    func writeName(into output: inout MutableSpan<UInt8>, at offset: Int) -> Int {
        output[offset] = UInt8(ascii: "g")
        var index = Self.write(generation, into: &output, at: offset + 1)
        output[index] = UInt8(ascii: ".")
        index = Self.write(item.ordinal, into: &output, at: index + 1)
        output[index] = UInt8(ascii: ".")
        return Self.write(samples, into: &output, at: index + 1)
    }

    private static func write(_ value: UInt32, into output: inout MutableSpan<UInt8>, at offset: Int) -> Int {
        var divisor: UInt32 = 1
        while value / divisor >= 10 { divisor *= 10 }
        var index = offset
        var rest = value
        while divisor > 0 {
            output[index] = UInt8(ascii: "0") + UInt8(rest / divisor)
            rest %= divisor
            divisor /= 10
            index += 1
        }
        return index
    }
}
