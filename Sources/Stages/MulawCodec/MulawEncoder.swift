public import AudioPipeline
import CG711

/// Compresses linear PCM to mu-law code words.
///
/// - Input: 16-bit linear samples; louder than 32635 clips.
/// - Output: 8-bit code words, as many as came in.
/// - Errors: none. Traps when `output` is the shorter.
/// - Source: ITU-T G.711 (11/88), tables 2a and 2b, shifted from 14 to 16 bits.
public struct MulawEncoder: Stage, ~Copyable {
    public var latencySamples: Int { 0 }

    public init() {}

    public mutating func process(_ input: borrowing Span<Int16>, into output: inout MutableSpan<UInt8>) -> StageOutcome
    {
        precondition(output.count >= input.count, "output.count: \(output.count), input.count: \(input.count)")
        // As far as the processor does many at a time, then one by one.
        let done = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                // No address stands for a span of nothing.
                guard let from = source.baseAddress, let to = target.baseAddress else { return 0 }
                return unsafe g711_encode_mulaw(from, source.count, to)
            }
        }
        for index in done..<input.count {
            unsafe output[unchecked: index] = Self.encode(input[unchecked: index])
        }
        return .produced(samples: input.count)
    }

    public mutating func reset() {}  // Memoryless.

    /// One sample. The exponent and the first four mantissa bits of |sample| + 132 as a `Float` are the code word.
    @inlinable public static func encode(_ sample: Int16) -> UInt8 {
        let wide = Int32(sample)
        let sign = wide >> 31  // 0 or -1.
        let magnitude = min((wide ^ sign) &- sign, 32_635) &+ 132
        let code = Float(magnitude).bitPattern >> 19 &- 134 << 4
        return ~(UInt8(truncatingIfNeeded: code) | UInt8(truncatingIfNeeded: sign) & 0x80)
    }
}
