/// How late the echo comes: the lag at which the ups and downs of the near end follow those of the far end.
///
/// Correlates the deviations of the band levels from their slow mean, in steps of 20 ms, with a memory of about 1.5 s of
/// the agent's speech.
struct EchoDelay: ~Copyable {
    /// Lags of 0 ... 44 frames, 880 ms.
    static let lags = 45
    /// dB: one loud bang says no more than this.
    private static let mostDeviation: Float = 15
    private static let memory: Float = 1 - 1 / 75
    /// Share of both signals' ups and downs that must agree before a lag is believed, and to keep it.
    private static let trusted: Float = 0.45, kept: Float = 0.3
    /// Frames for which the same lag, give or take one, must have been the best.
    private static let steadyFrames = 20

    private var nearMean = SIMD8<Float>(repeating: -60), farMean = SIMD8<Float>(repeating: -60)
    private var far = [SIMD8<Float>](repeating: .zero, count: 64)
    private var newest = 0
    private var scores = [Float](repeating: 0, count: Self.lags)
    private var nearEnergy: Float = 0, farEnergy: Float = 0
    private var candidate = 0, steady = 0

    /// In frames, when it is known.
    private(set) var frames: Int?
    /// 0 ... 1: how much of the near end's ups and downs are the far end's.
    private(set) var agreement: Float = 0

    /// One frame of both ends went by.
    /// - Parameter isActive: something of the far end can be in the near end now.
    mutating func advance(near: SIMD8<Float>, far played: SIMD8<Float>, isActive: Bool) {
        // What lies below the idle noise has no shape.
        let bottom = SIMD8<Float>(repeating: -66)
        let farLevel = played.replacing(with: bottom, where: played .< bottom)
        let nearLevel = near.replacing(with: bottom, where: near .< bottom)
        farMean += (farLevel - farMean) * 0.03
        newest = (newest + 1) & 63
        far[newest] = Self.limited(farLevel - farMean)
        nearMean += (nearLevel - nearMean) * 0.03
        guard isActive else { return }
        let change = Self.limited(nearLevel - nearMean)
        nearEnergy = nearEnergy * Self.memory + Self.sum(change * change)
        let middle = far[(newest &- Self.lags / 2) & 63]
        farEnergy = farEnergy * Self.memory + Self.sum(middle * middle)
        var best = 0
        for lag in 0..<Self.lags {
            scores[lag] = scores[lag] * Self.memory + Self.sum(change * far[(newest &- lag) & 63])
            if scores[lag] > scores[best] { best = lag }
        }
        judge(best)
    }

    private mutating func judge(_ best: Int) {
        let norm = (nearEnergy * farEnergy).squareRoot()
        agreement = norm > 20_000 ? max(0, min(1, scores[best] / norm)) : 0
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
        for index in far.indices { far[index] = .zero }
        for index in scores.indices { scores[index] = 0 }
        (newest, nearEnergy, farEnergy, candidate, steady, frames, agreement) = (0, 0, 0, 0, 0, nil, 0)
    }

    /// As a tree: the library's goes lane by lane.
    @inline(__always) private static func sum(_ lanes: SIMD8<Float>) -> Float {
        let four = lanes.lowHalf + lanes.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    private static func limited(_ change: SIMD8<Float>) -> SIMD8<Float> {
        change.clamped(
            lowerBound: SIMD8(repeating: -mostDeviation), upperBound: SIMD8(repeating: mostDeviation))
    }
}
