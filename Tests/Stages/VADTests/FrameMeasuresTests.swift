import CFrameMeasures
import Testing

/// The kernels for this processor against those for any: the same bits.
@Suite struct `Frame measures` {
    private static func noise(_ count: Int, amplitude: Int, seed: UInt64) -> [Int16] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int16(Int(truncatingIfNeeded: state >> 40) % (amplitude + 1) * (state >> 63 == 0 ? 1 : -1))
        }
    }

    @Test(arguments: [0, 1, 2, 15, 16, 17, 31, 32, 33, 160, 161, 480, 4_801])
    func `sums are exact for any number of samples, and at both ends of 16 bits`(count: Int) {
        let lowest = [Int16](repeating: .min, count: count)
        let square = (0..<count).map { $0 % 2 == 0 ? Int16.min : .max }
        for frame in [lowest, square] + [1, 300, 32_767].map({ Self.noise(count, amplitude: $0, seed: 3) }) {
            for previous in [Int16.min, -1, 0, .max] {
                let sums = unsafe frame_sums(frame, count, previous)
                var (sum, squares, changes, before) = (0, 0, 0, Int(previous))
                for sample in frame {
                    let here = Int(sample)
                    (sum, squares) = (sum + here, squares + here * here)
                    changes += (here - before) * (here - before)
                    before = here
                }
                #expect(sums.sum == Int64(sum) && sums.squares == Int64(squares) && sums.changes == Int64(changes))
                let other = unsafe frame_sums_baseline(frame, count, previous)
                #expect(other.sum == sums.sum && other.squares == sums.squares && other.changes == sums.changes)
            }
        }
    }

    @Test(arguments: [1, 30, 2_000, 32_767])
    func `band powers are the same bits on every processor`(amplitude: Int) {
        var past = [Int16](repeating: 0, count: frame_measures_past), pastOfBaseline = past
        for (frame, count) in [160, 160, 1, 159, 160, 80].enumerated() {
            let samples = Self.noise(count, amplitude: amplitude, seed: UInt64(frame + 1))
            var (power, level) = ([Float](repeating: 0, count: 8), [Float](repeating: 0, count: 8))
            var (powerOfBaseline, levelOfBaseline) = (power, level)
            unsafe frame_band_powers(samples, count, &past, &power, &level)
            unsafe frame_band_powers_baseline(samples, count, &pastOfBaseline, &powerOfBaseline, &levelOfBaseline)
            #expect(power == powerOfBaseline && level == levelOfBaseline && past == pastOfBaseline)
            #expect(power.allSatisfy { $0 > 0 })
        }
    }

    @Test func `so are the scores of lags, and the best of them is found`() {
        var scores = [Float](repeating: 0, count: frame_measures_lags), scoresOfBaseline = scores
        let history = frame_measures_history
        let changes = Self.noise(8 * history, amplitude: 15, seed: 9).map { Float($0 < 0 ? -10 : 10) }
        var far = [Float](repeating: 0, count: 8 * 2 * history)
        for band in 0..<8 {
            for place in 0..<2 * history { far[band * 2 * history + place] = changes[band * history + place % history] }
        }
        for newest in [0, 1, 17, 63] {
            for lag in [0, 7, 8, 31, 47] {
                // What was played so long ago comes back, again and again: nothing is more alike to it.
                let near = (0..<8).map { far[$0 * 2 * history + newest + lag] }
                var best: CInt = -1
                (scores, scoresOfBaseline) = (scores.map { _ in 0 }, scores.map { _ in 0 })
                for _ in 0..<20 {
                    best = unsafe frame_lag_scores(&scores, far, CInt(newest), near, 0.5)
                    let same = unsafe frame_lag_scores_baseline(&scoresOfBaseline, far, CInt(newest), near, 0.5)
                    #expect(best == same && scores == scoresOfBaseline)
                }
                let most = scores.max() ?? 0
                #expect(scores[lag] == most && best == scores.firstIndex(of: most).map { CInt($0) })
            }
        }
        // Of equals the first; of nothing above zero lag 0.
        scores = [Float](repeating: -1, count: frame_measures_lags)
        #expect(unsafe frame_lag_scores(&scores, far, 0, [Float](repeating: 0, count: 8), 1) == 0)
        for lag in [40, 9, 21] { scores[lag] = 5 }
        #expect(unsafe frame_lag_scores(&scores, far, 0, [Float](repeating: 0, count: 8), 1) == 9)
    }
}
