internal import Conversation

extension JSONSlice {
    /// True when the string reads `name` once its escapes are undone. Allocates nothing.
    @inline(__always)
    func matches(_ name: StaticString, in text: Span<UInt8>) -> Bool {
        if isEscaped { return matchesUnescaped(name, in: text) }
        guard count == name.utf8CodeUnitCount else { return false }
        for offset in 0..<name.utf8CodeUnitCount {
            let expected = unsafe name.utf8Start[offset]
            guard text[lower &+ offset] == expected else { return false }
        }
        return true
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
    /// Bytes of the text once its escapes are undone. Allocates nothing.
    @inline(never)
    func unescapedCount(in text: Span<UInt8>) -> Int {
        var bytes = JSONUnescaper(self)
        var count = 0
        while bytes.next(text) != nil { count += 1 }
        return count
    }
}
