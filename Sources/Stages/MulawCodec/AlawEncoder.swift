public import AudioPipeline
import CG711

/// Compresses linear PCM to A-law code words.
///
/// - Input: 16-bit linear samples.
/// - Output: 8-bit code words, even bits inverted as they are sent, as many as came in.
/// - Errors: none. Traps when `output` is the shorter.
/// - Source: ITU-T G.711 (11/88), tables 1a and 1b, shifted from 13 to 16 bits.
public struct AlawEncoder: Stage, ~Copyable {
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
                return unsafe g711_encode_alaw(from, source.count, to)
            }
        }
        for index in done..<input.count {
            unsafe output[unchecked: index] = Self.encode(input[unchecked: index])
        }
        return .produced(samples: input.count)
    }

    public mutating func reset() {}  // Memoryless.

    /// One sample. Above 255 the exponent and four mantissa bits of a `Float` are the code word; below, steps of 16.
    @inlinable public static func encode(_ sample: Int16) -> UInt8 {
        let wide = Int32(sample)
        let magnitude = wide ^ (wide >> 31)  // A negative sample loses one: -1 and 0 mirror each other.
        let upper = Int32(bitPattern: Float(magnitude).bitPattern >> 19) &- 134 << 4
        let code = magnitude < 256 ? magnitude >> 4 : upper
        return UInt8(truncatingIfNeeded: code) ^ (wide < 0 ? 0x55 : 0xD5)
    }
}
