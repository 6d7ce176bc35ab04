internal import Conversation

extension JSONSlice {
    /// True when the string reads `name` once its escapes are undone. Allocates nothing.
    @inline(__always)
    func matches(_ name: StaticString, in text: Span<UInt8>) -> Bool {
        if isEscaped { return matchesUnescaped(name, in: text) }
        let count = name.utf8CodeUnitCount
        guard self.count == count else { return false }
        // The name is a literal: its words are constants by the time this is machine code.
        if count >= 8 {
            var offset = 0
            while offset + 8 <= count {
                guard Self.word(text, lower &+ offset) == Self.word(name, offset) else { return false }
                offset += 8
            }
            return Self.word(text, upper &- 8) == Self.word(name, count - 8)
        }
        if count >= 4 {
            return Self.half(text, lower) == Self.half(name, 0)
                && Self.half(text, upper &- 4) == Self.half(name, count - 4)
        }
        for offset in 0..<count {
            let expected = unsafe name.utf8Start[offset]
            guard text[lower &+ offset] == expected else { return false }
        }
        return true
    }

    @inline(__always)
    private static func word(_ text: Span<UInt8>, _ offset: Int) -> UInt64 {
        unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// - Precondition: eight bytes of the name stand behind `offset`.
    @inline(__always)
    private static func word(_ name: StaticString, _ offset: Int) -> UInt64 {
        unsafe UnsafeRawPointer(name.utf8Start).loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private static func half(_ text: Span<UInt8>, _ offset: Int) -> UInt32 {
        unsafe text.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// - Precondition: four bytes of the name stand behind `offset`.
    @inline(__always)
    private static func half(_ name: StaticString, _ offset: Int) -> UInt32 {
        unsafe UnsafeRawPointer(name.utf8Start).loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    @inline(never)
    private func matchesUnescaped(_ name: StaticString, in text: Span<UInt8>) -> Bool {
        var bytes = JSONUnescaper(self)
        for offset in 0..<name.utf8CodeUnitCount {
            let expected = unsafe name.utf8Start[offset]
            guard bytes.next(text) == expected else { return false }
        }
        return bytes.next(text) == nil
    }

    /// The text itself. Allocates when it is longer than 15 bytes.
    func string(in text: Span<UInt8>) -> String {
        guard isEscaped else {
            return unsafe text.extracting(lower..<upper).withUnsafeBufferPointer {
                unsafe String(decoding: $0, as: UTF8.self)
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var unescaper = JSONUnescaper(self)
        while let byte = unescaper.next(text) { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text as an identifier; nil when it is empty, longer than 63 bytes or holds U+0000. Allocates nothing.
    @inline(__always)
    func wireID(in text: Span<UInt8>) -> WireID? {
        isEscaped ? unescapedWireID(in: text) : WireID(text.extracting(lower..<upper))
    }

    @inline(never)
    private func unescapedWireID(in text: Span<UInt8>) -> WireID? {
        var bytes = InlineArray<64, UInt8>(repeating: 0)
        var length = 0
        var unescaper = JSONUnescaper(self)
        while let byte = unescaper.next(text) {
            guard length < WireID.capacity else { return nil }
            bytes[length] = byte
            length += 1
        }
        return WireID(bytes.span.extracting(0..<length))
    }
}

extension JSONSlice {
    /// Bytes of the text. Allocates nothing.
    @inline(__always)
    func length(in text: Span<UInt8>) -> Int { isEscaped ? unescapedCount(in: text) : count }

    /// Bytes of the text once its escapes are undone.
    @inline(never)
    func unescapedCount(in text: Span<UInt8>) -> Int {
        var bytes = JSONUnescaper(self)
        var count = 0
        while bytes.next(text) != nil { count += 1 }
        return count
    }
}
