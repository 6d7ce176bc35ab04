import CPolyphase
import Testing

/// The kernels for this processor against those for any: the same samples.
@Suite struct `Polyphase kernels` {
    @Test(arguments: [1, 2, 7, 14])
    func `filter alike, at both ends of 16 bits`(count: Int) {
        let lowest = [Int16](repeating: .min, count: 400)
        for samples in [Signals.noise(samples: 400, seed: 5), lowest, lowest.map { _ in Int16.max }] {
            let coefficients = Signals.noise(samples: 2 * count, seed: UInt64(count)).map { $0 / 15 }
            let pairs = (0..<count).map {
                polyphase_pair(offset: Int32($0 * 3), first: coefficients[2 * $0], second: coefficients[2 * $0 + 1])
            }
            unsafe pairs.withUnsafeBufferPointer { pairs in
                for shift: Int32 in [1, 11, 15] {
                    var phase = unsafe polyphase_phase(pairs: pairs.baseAddress, count: Int32(count), shift: shift)
                    for groups in [0, 1, 15, 16, 17, 80, 95, 160, 161, 320] {
                        var results = [Int16](repeating: 77, count: 336), expected = results
                        unsafe polyphase_filter(samples, &phase, groups, &results)
                        unsafe polyphase_filter_baseline(samples, &phase, groups, &expected)
                        #expect(results == expected)
                        #expect(results[((groups + 15) / 16 * 16)...].allSatisfy { $0 == 77 })
                    }
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 6])
    func `spread and gather alike, and back to what it was`(step: Int) {
        for groups in [0, 1, 15, 16, 17, 33, 80, 160] {
            let samples = Signals.noise(samples: groups * step, seed: UInt64(groups + step))
            let stride = groups + 5
            var planes = [Int16](repeating: 77, count: stride * step), expected = planes
            unsafe polyphase_spread(samples, step, groups, &planes, stride)
            unsafe polyphase_spread_baseline(samples, step, groups, &expected, stride)
            #expect(planes == expected)
            var back = [Int16](repeating: 77, count: groups * step + 3), expectedBack = back
            unsafe polyphase_gather(planes, stride, step, groups, &back)
            unsafe polyphase_gather_baseline(planes, stride, step, groups, &expectedBack)
            #expect(back == expectedBack)
            #expect(back == samples + [77, 77, 77])
        }
    }
}
