public import AudioPipeline
import CG711

/// Expands A-law code words to linear PCM.
///
/// - Input: 8-bit code words, one per sample, even bits inverted as they are sent.
/// - Output: 16-bit linear samples, -32256 ... 32256, never 0, as many as came in.
/// - Errors: none, every byte is a code word. Traps when `output` is the shorter.
/// - Source: ITU-T G.711 (11/88), tables 1a and 1b, shifted from 13 to 16 bits.
public struct AlawDecoder: Stage, ~Copyable {
    public var latencySamples: Int { 0 }

    public init() {}

    public mutating func process(_ input: borrowing Span<UInt8>, into output: inout MutableSpan<Int16>) -> StageOutcome
    {
        precondition(output.count >= input.count, "output.count: \(output.count), input.count: \(input.count)")
        // As far as the processor does many at a time, then one by one.
        let done = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                // No address stands for a span of nothing.
                guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
                return unsafe g711_decode_alaw(from, source.count, to)
            }
        }
        for index in done..<input.count {
            unsafe output[unchecked: index] = Self.decode(input[unchecked: index])
        }
        return .produced(samples: input.count)
    }

    public mutating func reset() {}  // Memoryless.

    /// One code word. As in mu-law a small float without the bias; its lowest segment is the one above less 256.
    @inlinable public static func decode(_ code: UInt8) -> Int16 {
        let bits = UInt32(code ^ 0x55)
        let lowest: Bool = bits & 0x70 == 0
        let segmentAndStep = (bits & 0x7F) | (lowest ? 0x10 : 0)
        let value = Float(bitPattern: segmentAndStep << 19 &+ (134 << 23 | 1 << 18))
        let shifted = value + (lowest ? 8_388_608 - 256 : 8_388_608)
        let magnitude = Int32(bitPattern: shifted.bitPattern & 0x7F_FFFF)
        let sign = Int32(bitPattern: bits >> 7) &- 1  // 0 when the sign bit is set: positive.
        return Int16(truncatingIfNeeded: (magnitude ^ sign) &- sign)
    }
}
