import CFrameMeasures

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
    static func measure(_ frame: borrowing Span<Int16>, previous: Int16) -> FrameLevels {
        let sums = unsafe frame.withUnsafeBufferPointer {
            unsafe frame_sums($0.baseAddress, $0.count, previous)
        }
        // The sums are exact, so a large constant part costs no precision.
        let count = Double(frame.count), mean = Double(sums.sum) / count
        return FrameLevels(
            level: decibels(Float(Double(sums.squares) / count - mean * mean)),
            change: decibels(Float(Double(sums.changes) / count)))
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
