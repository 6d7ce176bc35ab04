/// Bytes of one message that the next ones are compared with, without what differs from message to message. Its memory is
/// taken once.
struct MessageTemplate: ~Copyable {
    static let capacity = 512
    private var bytes = [UInt8](repeating: 0, count: Self.capacity)

    /// Whether `count` bytes of the text from `position` are those kept from `lower`. False beyond the end of either.
    @inline(__always)
    func matches(_ lower: Int, _ count: Int, in text: Span<UInt8>, at position: Int) -> Bool {
        guard position >= 0, text.count - position >= count, lower >= 0, bytes.count - lower >= count else {
            return false
        }
        return unsafe text.bytes.withUnsafeBytes { text in
            unsafe bytes.span.bytes.withUnsafeBytes { kept in
                // Both ranges were checked above. The last word, or pair of words, overlaps the one before it.
                if count >= 8 {
                    let reach = count >= 16 ? 16 : 8
                    var offset = 0
                    while offset < count {
                        let theirs = position &+ min(offset, count &- reach),
                            ours = lower &+ min(offset, count &- reach)
                        var different =
                            unsafe text.loadUnaligned(fromByteOffset: theirs, as: UInt64.self)
                            ^ kept.loadUnaligned(fromByteOffset: ours, as: UInt64.self)
                        if reach == 16 {
                            different |=
                                unsafe text.loadUnaligned(fromByteOffset: theirs &+ 8, as: UInt64.self)
                                ^ kept.loadUnaligned(fromByteOffset: ours &+ 8, as: UInt64.self)
                        }
                        guard different == 0 else { return false }
                        offset &+= reach
                    }
                    return true
                }
                for offset in 0..<count {
                    guard unsafe text[position &+ offset] == kept[lower &+ offset] else { return false }
                }
                return true
            }
        }
    }

    /// Keeps `range` of the text from `start` on. False when there is no room.
    mutating func keep(_ text: Span<UInt8>, _ range: Range<Int>, at start: Int) -> Bool {
        guard start >= 0, range.count <= Self.capacity - start else { return false }
        for position in range { bytes[start + position - range.lowerBound] = text[position] }
        return true
    }
}
