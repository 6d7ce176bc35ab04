/// How loud one frame is, whole and in its changes from sample to sample.
///
/// The second of the two hardly hears anything low: a sine of f Hz is changed by 4 sin²(pi f / rate) in power, -28 dB
/// for 50 Hz mains hum at 8 kHz and +-3 dB from 1 kHz up. Their ratio tells hum from voices.
struct FrameLevels: Equatable {
    /// Power without the constant part, in dB relative to a full-scale square wave.
    var level: Float
    /// Power of the first difference, likewise.
    var change: Float

    /// What silence is called instead of minus infinity.
    static let floorDecibels: Float = -96

    /// - Parameters:
    ///   - frame: at least one sample.
    ///   - previous: the sample before the frame.
    ///   - offset: the constant part as last known; updated. Taken off first, so that a large one costs no precision.
    static func measure(_ frame: borrowing Span<Int16>, previous: Int16, offset: inout Float) -> FrameLevels {
        let count = frame.count
        var sums = SIMD8<Float>(repeating: 0), squares = sums, changes = sums
        var sum: Float = 0, square: Float = 0, change: Float = 0
        // The first eight have no sample before them in here, the last few are no eight.
        let vectors = max(8, count & ~7)
        let bytes = unsafe frame.bytes
        var index = 8
        while index < vectors {
            let here = unsafe wide(bytes.unsafeLoadUnaligned(fromByteOffset: index * 2, as: SIMD8<Int16>.self))
            let before = unsafe wide(bytes.unsafeLoadUnaligned(fromByteOffset: index * 2 - 2, as: SIMD8<Int16>.self))
            let centred = here - offset
            let step = here - before
            sums += centred
            squares += centred * centred
            changes += step * step
            index += 8
        }
        index = 0
        while index < count {
            let here = Float(frame[index])
            let step = here - Float(index == 0 ? previous : frame[index - 1])
            sum += here - offset
            square += (here - offset) * (here - offset)
            change += step * step
            index = index == 7 ? vectors : index + 1
        }
        let scale = 1 / Float(count)
        let mean = (sum + sums.sum()) * scale
        offset += mean
        return FrameLevels(
            level: decibels((square + squares.sum()) * scale - mean * mean),
            change: decibels((change + changes.sum()) * scale))
    }

    @inline(__always) private static func wide(_ samples: SIMD8<Int16>) -> SIMD8<Float> {
        SIMD8<Float>(SIMD8<Int32>(truncatingIfNeeded: samples))
    }

    /// 10 log10 of a power of samples relative to 32768², within 0.05 dB. By the exponent and a parabola through the
    /// mantissa: no call into a C library.
    static func decibels(_ power: Float) -> Float {
        guard power > 0.3 else { return floorDecibels }
        let exponent = Float(Int32(bitPattern: power.bitPattern >> 23) - 127)
        let mantissa = Float(bitPattern: power.bitPattern & 0x7F_FFFF | 127 << 23)
        let logarithm = exponent + (-0.344_845 * mantissa + 2.024_658) * mantissa - 1.674_873
        return max(floorDecibels, 3.010_3 * (logarithm - 30))
    }
}
