internal import CBase64

/// Base64 of RFC 4648 section 4, canonical form only: the standard alphabet, padded to whole groups of four, unused bits
/// zero, no line breaks. Works in the caller's memory and allocates nothing: 32 characters at a time where the processor
/// has AVX2, 16 at a time otherwise and for what is left.
enum Base64 {
    /// Characters that `byteCount` bytes become.
    @inline(__always)
    static func encodedCount(_ byteCount: Int) -> Int { (byteCount + 2) / 3 * 4 }

    // MARK: Decoding

    /// How far a run of base64 went.
    struct Run: Equatable {
        /// Index of the first character that is not part of it.
        var end: Int
        /// Bytes written from the start of the output.
        var byteCount: Int
    }

    enum Fault: Equatable {
        /// A character outside the alphabet, padding in the wrong place, an incomplete group, or bits set in what is
        /// left over.
        case notBase64
        /// More bytes than the output holds.
        case tooLong
    }

    enum Outcome: Equatable {
        case decoded(Run)
        case failed(Fault)
    }

    /// Decodes from `lower` up to the first quote, which is not consumed, or to the end of `text`.
    @inline(__always)
    static func decode(
        _ text: Span<UInt8>, from lower: Int, into output: inout MutableSpan<UInt8>
    ) -> Outcome {
        let room = output.count
        var (index, written) = decodeBlocks(text, from: lower, into: &output)
        if index < text.count, text[index] == UInt8(ascii: "\"") {
            return .decoded(Run(end: index, byteCount: written))
        }
        // The wide path stops at what is no plain group; there is nothing here for sixteen at a time.
        if index > lower { return decodeRest(text, from: index, into: &output, written: written) }
        var raw = unsafe output.mutableBytes
        // Each step reads 16 characters and writes 12 bytes by two overlapping stores of 8 that reach 14.
        while index < text.count, written + 14 <= room {
            let isWhole = index + 16 <= text.count
            let characters =
                isWhole
                ? unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self)
                : lastCharacters(text, from: index)
            var words = unsafe unsafeBitCast(sixBitValues(characters), to: SIMD2<UInt64>.self)
            let outside = (words[0] | words[1]) & 0x8080_8080_8080_8080
            let valid = outside == 0 ? 16 : leadingValues(words)
            // What is no value must not reach into the bits of the one before it.
            if outside != 0 { words &= 0x3F3F_3F3F_3F3F_3F3F }
            raw.storeBytes(of: sixBytes(words[0]), toByteOffset: written, as: UInt64.self)
            raw.storeBytes(of: sixBytes(words[1]), toByteOffset: written + 6, as: UInt64.self)
            // Only whole groups count.
            index += valid / 4 * 4
            written += valid / 4 * 3
            if outside != 0 { break }
        }
        return decodeRest(text, from: index, into: &output, written: written)
    }

    @inline(never)
    private static func decodeRest(
        _ text: Span<UInt8>, from start: Int, into output: inout MutableSpan<UInt8>, written start2: Int
    ) -> Outcome {
        if let run = decodePadded(text, from: start, into: &output, written: start2) { return .decoded(run) }
        var index = start
        var decoder = GroupDecoder(written: start2)
        while index < text.count, text[index] != UInt8(ascii: "\"") {
            if let fault = decoder.push(text[index], into: &output) { return .failed(fault) }
            index += 1
        }
        guard decoder.isWhole else { return .failed(.notBase64) }
        return .decoded(Run(end: index, byteCount: decoder.written))
    }

    /// The usual end of what is no multiple of three bytes: one padded group and the quote. Nil for anything else, and then
    /// nothing is written.
    @inline(__always)
    private static func decodePadded(
        _ text: Span<UInt8>, from index: Int, into output: inout MutableSpan<UInt8>, written: Int
    ) -> Run? {
        guard text.count - index >= 5, text[index + 4] == UInt8(ascii: "\""), text[index + 3] == UInt8(ascii: "="),
            output.count - written >= 2
        else { return nil }
        let first = sixBitValue(text[index]), second = sixBitValue(text[index + 1])
        guard first < 64, second < 64 else { return nil }
        if text[index + 2] == UInt8(ascii: "=") {
            guard second & 0x0F == 0 else { return nil }
            output[written] = first << 2 | second >> 4
            return Run(end: index + 4, byteCount: written + 1)
        }
        let third = sixBitValue(text[index + 2])
        guard third < 64, third & 0x03 == 0 else { return nil }
        output[written] = first << 2 | second >> 4
        output[written + 1] = second << 4 | third >> 2
        return Run(end: index + 4, byteCount: written + 2)
    }

    /// Decodes a string that holds escapes, such as `\/`.
    static func decode(
        escaped slice: JSONSlice, of text: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) -> Outcome {
        var unescaper = JSONUnescaper(slice)
        var decoder = GroupDecoder(written: 0)
        while let byte = unescaper.next(text) {
            if let fault = decoder.push(byte, into: &output) { return .failed(fault) }
        }
        guard decoder.isWhole else { return .failed(.notBase64) }
        return .decoded(Run(end: slice.upper, byteCount: decoder.written))
    }

    /// One character at a time: what comes after the last sixteen, and what is escaped.
    private struct GroupDecoder {
        private(set) var written: Int
        private var bits: UInt32 = 0
        private var characters = 0
        private var padding = 0
        /// A padded group has been read; nothing may follow it.
        private var isFinished = false

        init(written: Int) { self.written = written }

        /// No group is left half finished.
        var isWhole: Bool { characters == 0 }

        mutating func push(_ byte: UInt8, into output: inout MutableSpan<UInt8>) -> Fault? {
            guard !isFinished else { return .notBase64 }
            bits <<= 6
            if byte == UInt8(ascii: "=") {
                guard characters >= 2 else { return .notBase64 }
                padding += 1
            } else {
                let value = Base64.sixBitValue(byte)
                guard value < 64, padding == 0 else { return .notBase64 }
                bits |= UInt32(value)
            }
            characters += 1
            guard characters == 4 else { return nil }
            let count = 3 - padding
            guard bits & ((1 << UInt32(padding * 8)) - 1) == 0 else { return .notBase64 }
            guard written + count <= output.count else { return .tooLong }
            for position in 0..<count {
                output[written] = UInt8(truncatingIfNeeded: bits >> UInt32(16 - position * 8))
                written += 1
            }
            isFinished = padding > 0
            (bits, characters) = (0, 0)
            return nil
        }
    }

    private static func sixBitValue(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: 0xFF
        }
    }

    /// The six bits behind each character, 0xFF where it is outside the alphabet. By comparisons instead of a table:
    /// baseline x86-64 has no byte shuffle.
    @inline(__always)
    private static func sixBitValues(_ characters: SIMD16<UInt8>) -> SIMD16<UInt8> {
        let upper = characters &- 65, lower = characters &- 97, digit = characters &- 48
        return all(0xFF)
            .replacing(with: upper, where: upper .< all(26))
            .replacing(with: lower &+ 26, where: lower .< all(26))
            .replacing(with: digit &+ 52, where: digit .< all(10))
            .replacing(with: all(62), where: characters .== all(43))
            .replacing(with: all(63), where: characters .== all(47))
    }

    /// What is left of the text when it is less than sixteen characters; the rest of the vector is no base64.
    @inline(never)
    private static func lastCharacters(_ text: Span<UInt8>, from index: Int) -> SIMD16<UInt8> {
        guard text.count >= 16 else {
            var characters = SIMD16<UInt8>(repeating: 0)
            for position in index..<text.count { characters[position - index] = text[position] }
            return characters
        }
        // The text's last sixteen, moved down so that the first one left stands first.
        let last = text.count - 16
        let low = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: last, as: UInt64.self)
        let high = unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: last + 8, as: UInt64.self)
        let moved = (UInt128(high) &<< 64 | UInt128(low)) &>> UInt128(truncatingIfNeeded: (index - last) * 8)
        let words = SIMD2(UInt64(truncatingIfNeeded: moved), UInt64(truncatingIfNeeded: moved &>> 64))
        return unsafe unsafeBitCast(words, to: SIMD16<UInt8>.self)
    }

    /// How many values stand before the first one that is none.
    private static func leadingValues(_ words: SIMD2<UInt64>) -> Int {
        let low = words[0] & 0x8080_8080_8080_8080, high = words[1] & 0x8080_8080_8080_8080
        return low != 0 ? low.trailingZeroBitCount >> 3 : 8 + high.trailingZeroBitCount >> 3
    }

    /// Eight six-bit values, the first in the lowest byte, as six bytes, the first in the lowest byte.
    @inline(__always)
    private static func sixBytes(_ values: UInt64) -> UInt64 {
        let twelve = (values & 0x00FF_00FF_00FF_00FF) &<< 6 | values &>> 8 & 0x00FF_00FF_00FF_00FF
        let twentyFour = (twelve & 0x0000_FFFF_0000_FFFF) &<< 12 | twelve &>> 16 & 0x0000_FFFF_0000_FFFF
        let all = (twentyFour & 0xFFFF_FFFF) &<< 24 | twentyFour &>> 32
        return (all &<< 16).byteSwapped
    }

    /// As many blocks as the wide path takes: where it stopped reading, and how many bytes it wrote.
    @inline(__always)
    private static func decodeBlocks(
        _ text: Span<UInt8>, from lower: Int, into output: inout MutableSpan<UInt8>
    ) -> (index: Int, written: Int) {
        precondition(lower >= 0 && lower <= text.count, "lower: \(lower)")
        var consumed = 0
        let written = unsafe text.withUnsafeBufferPointer { text in
            unsafe output.withUnsafeMutableBufferPointer { output in
                guard let source = text.baseAddress, let target = output.baseAddress else { return 0 }
                return unsafe base64_decode_blocks(source + lower, text.count - lower, target, output.count, &consumed)
            }
        }
        return (lower + consumed, written)
    }

    /// As many blocks as the wide path takes: how many bytes it read, and where it stopped writing.
    @inline(__always)
    private static func encodeBlocks(
        _ bytes: Span<UInt8>, into output: inout MutableSpan<UInt8>, at offset: Int
    ) -> (index: Int, target: Int) {
        var consumed = 0
        let written = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe output.withUnsafeMutableBufferPointer { output in
                guard let source = bytes.baseAddress, let target = output.baseAddress else { return 0 }
                return unsafe base64_encode_blocks(
                    source, bytes.count, target + offset, output.count - offset, &consumed)
            }
        }
        return (consumed, offset + written)
    }

    // MARK: Encoding

    /// Writes `bytes` as base64 at `offset` of `output`.
    ///
    /// - Returns: the index behind the last character.
    /// - Precondition: `output` has room for `encodedCount(bytes.count)` characters from `offset`.
    @inline(__always)
    static func encode(_ bytes: Span<UInt8>, into output: inout MutableSpan<UInt8>, at offset: Int) -> Int {
        precondition(offset >= 0 && output.count - offset >= encodedCount(bytes.count), "base64: no room")
        var (index, target) = encodeBlocks(bytes, into: &output, at: offset)
        // Each step reads 12 bytes by two overlapping loads of 8 that reach 14, and writes 16 characters.
        var raw = unsafe output.mutableBytes
        while index + 14 <= bytes.count {
            let low = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let high = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index + 6, as: UInt64.self)
            let values = unsafe unsafeBitCast(SIMD2(sixBitValues(low), sixBitValues(high)), to: SIMD16<UInt8>.self)
            let characters = characters(of: values)
            raw.storeBytes(of: characters, toByteOffset: target, as: SIMD16<UInt8>.self)
            index += 12
            target += 16
        }
        return encodeRest(bytes, from: index, into: &output, at: target)
    }

    private static func encodeRest(
        _ bytes: Span<UInt8>, from start: Int, into output: inout MutableSpan<UInt8>, at offset: Int
    ) -> Int {
        var index = start
        var target = offset
        var raw = unsafe output.mutableBytes
        while index < bytes.count {
            let left = min(bytes.count - index, 3)
            var group = UInt32(bytes[index]) << 16
            if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { group |= UInt32(bytes[index + 2]) }
            // Four characters, the first in the lowest byte; padding instead of the last ones.
            var characters = base64_group(group)
            if left < 3 { characters = characters & 0x00FF_FFFF | 0x3D00_0000 }
            if left < 2 { characters = characters & 0xFF00_FFFF | 0x003D_0000 }
            raw.storeBytes(of: characters.littleEndian, toByteOffset: target, as: UInt32.self)
            index += 3
            target += 4
        }
        return target
    }

    /// The first six bytes of `bytes`, which stand in its low end, as eight six-bit values, the first in the lowest byte.
    @inline(__always)
    private static func sixBitValues(_ bytes: UInt64) -> UInt64 {
        let all = bytes.byteSwapped &>> 16
        let twentyFour = all &>> 24 | (all & 0xFF_FFFF) &<< 32
        let twelve = twentyFour &>> 12 & 0x0000_0FFF_0000_0FFF | (twentyFour & 0x0000_0FFF_0000_0FFF) &<< 16
        return twelve &>> 6 & 0x003F_003F_003F_003F | (twelve & 0x003F_003F_003F_003F) &<< 8
    }

    @inline(__always)
    private static func characters(of values: SIMD16<UInt8>) -> SIMD16<UInt8> {
        (values &+ 65)
            .replacing(with: values &+ 71, where: values .> all(25))
            .replacing(with: values &- 4, where: values .> all(51))
            .replacing(with: all(43), where: values .== all(62))
            .replacing(with: all(47), where: values .== all(63))
    }

    /// Comparing a vector with a scalar goes lane by lane in Swift 6.3 (60 times slower); with a vector it does not.
    @inline(__always)
    private static func all(_ byte: UInt8) -> SIMD16<UInt8> { SIMD16(repeating: byte) }
}
