import CFrameMeasures

/// How late the echo comes: the lag at which the ups and downs of the near end follow those of the far end.
///
/// Correlates the deviations of the band levels from their slow mean, in steps of 20 ms, with a memory of about 1.5 s of
/// the agent's speech. Memory is taken in `init`.
@safe struct EchoDelay: ~Copyable {
    /// Lags of 0 ... 47 frames, 940 ms.
    static var lags: Int { frame_measures_lags }
    /// dB: one loud bang says no more than this.
    private static var mostDeviation: Float { 15 }
    private static var memory: Float { 1 - 1 / 75 }
    /// Share of both signals' ups and downs that must agree before a lag is believed, and to keep it.
    private static var trusted: Float { 0.45 }
    private static var kept: Float { 0.3 }
    /// Frames for which the same lag, give or take one, must have been the best.
    private static var steadyFrames: Int { 20 }
    /// What lies below the idle noise has no shape.
    private static var bottom: Float { -66 }

    private var nearMean = SIMD8<Float>(repeating: -60), farMean = SIMD8<Float>(repeating: -60)
    /// Changes of the far end's levels, band by band: twice `history` each, newest first, so that all lags lie in a row
    /// wherever the newest is. Behind them the scores of the lags.
    private let far: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private var newest = 0
    private var nearEnergy: Float = 0, farEnergy: Float = 0
    private var candidate = 0, steady = 0

    private static var history: Int { frame_measures_history }
    private static var cells: Int { 8 * 2 * history + lags }

    /// In frames, when it is known.
    private(set) var frames: Int?
    /// 0 ... 1: how much of the near end's ups and downs are the far end's.
    private(set) var agreement: Float = 0

    init() {
        unsafe far = .allocate(capacity: Self.cells)
        unsafe far.initialize(repeating: 0, count: Self.cells)
        unsafe scores = far + 8 * 2 * Self.history
    }

    deinit { unsafe far.deallocate() }

    /// One frame of both ends went by.
    /// - Parameter isActive: something of the far end can be in the near end now.
    mutating func advance(near: SIMD8<Float>, far played: SIMD8<Float>, isActive: Bool) {
        let farLevel = played.louder(Self.bottom), nearLevel = near.louder(Self.bottom)
        farMean += (farLevel - farMean) * 0.03
        append((farLevel - farMean).limited(to: -Self.mostDeviation...Self.mostDeviation))
        nearMean += (nearLevel - nearMean) * 0.03
        guard isActive else { return }
        var change = (nearLevel - nearMean).limited(to: -Self.mostDeviation...Self.mostDeviation)
        nearEnergy = nearEnergy * Self.memory + (change * change).total
        let middle = farChange(ago: Self.lags / 2)
        farEnergy = farEnergy * Self.memory + (middle * middle).total
        let best = unsafe withUnsafeBytes(of: &change) { change in
            unsafe frame_lag_scores(
                scores, far, CInt(truncatingIfNeeded: newest), change.baseAddress?.assumingMemoryBound(to: Float.self),
                Self.memory)
        }
        judge(Int(best))
    }

    private mutating func append(_ change: SIMD8<Float>) {
        newest = (newest &- 1) & (Self.history - 1)
        for band in 0..<8 {
            let place = unsafe far + (band * 2 * Self.history + newest)
            unsafe place[0] = change[band]
            unsafe place[Self.history] = change[band]
        }
    }

    private func farChange(ago: Int) -> SIMD8<Float> {
        var change = SIMD8<Float>.zero
        for band in 0..<8 { change[band] = unsafe far[band * 2 * Self.history + newest + ago] }
        return change
    }

    private mutating func judge(_ best: Int) {
        let norm = (nearEnergy * farEnergy).squareRoot()
        agreement = norm > 20_000 ? max(0, min(1, unsafe scores[best] / norm)) : 0
        steady = abs(best - candidate) <= 1 ? steady + 1 : 0
        candidate = best
        if let known = frames {
            // It has moved, or there is no echo any more: back to not knowing.
            if agreement < Self.kept || abs(best - known) > 3 { frames = nil } else { frames = best }
        } else if agreement >= Self.trusted, steady >= Self.steadyFrames {
            frames = best
        }
    }

    mutating func reset() {
        nearMean = SIMD8(repeating: -60)
        farMean = nearMean
        unsafe far.update(repeating: 0, count: Self.cells)
        (newest, nearEnergy, farEnergy, candidate, steady, frames, agreement) = (0, 0, 0, 0, 0, nil, 0)
    }
}
