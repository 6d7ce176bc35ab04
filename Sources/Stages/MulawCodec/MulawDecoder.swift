public import AudioPipeline
import CG711

/// Expands mu-law code words to linear PCM.
///
/// - Input: 8-bit code words, one per sample.
/// - Output: 16-bit linear samples, -32124 ... 32124, as many as came in.
/// - Errors: none, every byte is a code word. Traps when `output` is the shorter.
/// - Source: ITU-T G.711 (11/88), tables 2a and 2b, shifted from 14 to 16 bits.
public struct MulawDecoder: Stage, ~Copyable {
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
                return unsafe g711_decode_mulaw(from, source.count, to)
            }
        }
        for index in done..<input.count {
            unsafe output[unchecked: index] = Self.decode(input[unchecked: index])
        }
        return .produced(samples: input.count)
    }

    public mutating func reset() {}  // Memoryless.

    /// One code word. Every byte is one; 0xFF and 0x7F are both 0.
    ///
    /// A code word is a small float: three exponent bits, four of mantissa and half a step, plus a bias of 132. So its
    /// bits are put where a `Float` has them, and adding 2^23 leaves the integer in the low bits: no table, no shift by
    /// a variable, and the compiler does four at a time on any x86-64.
    @inlinable public static func decode(_ code: UInt8) -> Int16 {
        let inverted = UInt32(~code)
        let biased = Float(bitPattern: (inverted & 0x7F) << 19 &+ (134 << 23 | 1 << 18))
        let magnitude = Int32(bitPattern: (biased + (8_388_608 - 132)).bitPattern & 0x7F_FFFF)
        let sign = 0 &- Int32(bitPattern: inverted >> 7)  // 0 or -1.
        return Int16(truncatingIfNeeded: (magnitude ^ sign) &- sign)
    }
}
