/// What a program that is plugged in reads on its standard input: twelve bytes, three little-endian 32-bit numbers, and
/// then as many bytes of content as the third of them says.
///
/// | number | means |
/// | --- | --- |
/// | call | which call this is about; 0: none |
/// | kind | one of the cases below |
/// | size | bytes that follow |
enum StageMessage: UInt32 {
    /// A call begins: nothing has been heard of it.
    case begin = 0
    /// 16-bit little-endian samples, mono: one window for a detector, any number for a recogniser.
    case audio = 1
    /// The call's line has a gap, or is another: as after `begin`.
    case reset = 2
    /// The call is over; its number does not come again.
    case end = 3
    /// For a recogniser: speech began, at the millisecond of the call's audio that the content (32 bits) says.
    case speechBegan = 4
    /// And ended.
    case speechEnded = 5

    static let headerBytes = 12
}

extension [UInt8] {
    mutating func append(_ message: StageMessage, call: UInt32, bytes: Int) {
        append(littleEndian: call)
        append(littleEndian: message.rawValue)
        append(littleEndian: UInt32(bytes))
    }

    /// A whole utterance as one call of a recogniser's, in pieces of 100 ms.
    mutating func append(utterance: borrowing Span<Int16>, sampleRateHz: Int, call: UInt32) {
        append(.begin, call: call, bytes: 0)
        append(.speechBegan, call: call, bytes: 4)
        append(littleEndian: 0)
        var start = 0
        while start < utterance.count {
            let piece = utterance.extracting(start..<Swift.min(utterance.count, start + sampleRateHz / 10))
            append(.audio, call: call, bytes: piece.count * 2)
            append(samples: piece)
            start += piece.count
        }
        append(.speechEnded, call: call, bytes: 4)
        append(littleEndian: UInt32(clamping: utterance.count * 1_000 / sampleRateHz))
        append(.end, call: call, bytes: 0)
    }

    mutating func append(littleEndian number: UInt32) {
        for shift: UInt32 in [0, 8, 16, 24] { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    mutating func append(samples: borrowing Span<Int16>) {
        reserveCapacity(count + samples.count * 2)
        for index in samples.indices {
            let sample = UInt16(bitPattern: samples[index])
            append(UInt8(truncatingIfNeeded: sample))
            append(UInt8(truncatingIfNeeded: sample >> 8))
        }
    }
}
