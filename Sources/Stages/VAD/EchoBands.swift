import CFrameMeasures

/// The power of a frame in eight bands of half an octave, 300 ... 3,100 Hz at 8 kHz: what a telephone line lets through.
///
/// By the spectrum of a window of 32 ms that ends with the frame and overlaps the one before: C, for processors with AVX2
/// and for others, the same bits on both. Memory is taken in `init`.
@safe struct EchoBands: ~Copyable {
    typealias Bands = SIMD8<Float>

    /// Samples before the frame.
    private let past: UnsafeMutablePointer<Int16>
    /// Mean power per sample and band, 1 is one LSB squared.
    private(set) var power = Bands.zero

    init() {
        unsafe past = .allocate(capacity: frame_measures_past)
        unsafe past.initialize(repeating: 0, count: frame_measures_past)
    }

    deinit { unsafe past.deallocate() }

    /// Sets `power`.
    /// - Parameter frame: at most 160 samples.
    /// - Returns: the same as 10 log10 relative to 32768², within 0.05 dB, -90 at least.
    mutating func measure(_ frame: borrowing Span<Int16>) -> Bands {
        precondition(frame.count <= frame_measures_frame, "frame.count: \(frame.count), at most 160")
        guard frame.count > 0 else {
            power = .zero
            return Self.silence
        }
        var level = Bands.zero
        unsafe frame.withUnsafeBufferPointer { samples in
            unsafe withUnsafeMutableBytes(of: &power) { power in
                unsafe withUnsafeMutableBytes(of: &level) { level in
                    unsafe frame_band_powers(
                        samples.baseAddress, samples.count, past,
                        power.baseAddress?.assumingMemoryBound(to: Float.self),
                        level.baseAddress?.assumingMemoryBound(to: Float.self))
                }
            }
        }
        return level
    }

    mutating func reset() {
        unsafe past.update(repeating: 0, count: frame_measures_past)
        power = .zero
    }

    /// What silence is called instead of minus infinity: below the idle noise of a mu-law line.
    static var silence: Bands { Bands(repeating: -90) }
}
