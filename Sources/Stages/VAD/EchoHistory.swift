/// Band levels of the last 64 frames, in dB: 1.28 s.
struct EchoHistory {
    static let frames = 64
    private var levels = InlineArray<64, SIMD8<Float>>(repeating: EchoBands.silence)
    private var newest = 0

    mutating func append(_ level: SIMD8<Float>) {
        newest = (newest + 1) & 63
        levels[newest] = level
    }

    /// 0 is the newest.
    subscript(ago: Int) -> SIMD8<Float> { levels[(newest &- ago) & 63] }

    /// Band by band, over a range of ages.
    func loudest(_ ages: ClosedRange<Int>) -> SIMD8<Float> {
        var loudest = EchoBands.silence
        var ago = ages.lowerBound
        while ago <= ages.upperBound {
            loudest.replace(with: self[ago], where: self[ago] .> loudest)
            ago += 1
        }
        return loudest
    }
}

/// Band levels of frames that the carrier has and has not played, oldest first. 128 frames, 2.56 s: the largest lead.
struct EchoPlayout {
    private var levels = InlineArray<128, SIMD8<Float>>(repeating: EchoBands.silence)
    private var first = 0
    private(set) var count = 0

    /// When it is full the oldest is taken for played.
    mutating func append(_ level: SIMD8<Float>) {
        if count == 128 { _ = next() }
        levels[(first &+ count) & 127] = level
        count += 1
    }

    /// What the carrier plays for the next 20 ms.
    mutating func next() -> SIMD8<Float> {
        guard count > 0 else { return EchoBands.silence }
        let level = levels[first]
        first = (first &+ 1) & 127
        count -= 1
        return level
    }

    mutating func clear() { (first, count) = (0, 0) }
}
