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
                // Both ranges were checked above. The last word overlaps the one before it.
                guard count >= 8 else {
                    for offset in 0..<count {
                        guard unsafe text[position &+ offset] == kept[lower &+ offset] else { return false }
                    }
                    return true
                }
                var offset = 0
                while offset < count {
                    let step = min(offset, count &- 8)
                    let theirs = unsafe text.loadUnaligned(fromByteOffset: position &+ step, as: UInt64.self)
                    let ours = unsafe kept.loadUnaligned(fromByteOffset: lower &+ step, as: UInt64.self)
                    guard theirs == ours else { return false }
                    offset &+= 8
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
