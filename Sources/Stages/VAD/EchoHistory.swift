/// Band levels of the last 64 frames, in dB: 1.28 s.
///
/// Memory is taken in `init` and never shared: arrays, because reading one element of an `InlineArray` in a struct costs
/// a copy of all of it.
struct EchoHistory: ~Copyable {
    static var frames: Int { 64 }
    private var levels = [SIMD8<Float>](repeating: EchoBands.silence, count: 64)
    /// The loudest of each block of eight frames, so that nobody looks at all of them.
    private var blocks = [SIMD8<Float>](repeating: EchoBands.silence, count: 8)
    private var newest = 0

    mutating func append(_ level: SIMD8<Float>) {
        newest = (newest &+ 1) & 63
        levels[newest] = level
        let block = newest >> 3
        blocks[block] = newest & 7 == 0 ? level : Self.louder(blocks[block], level)
    }

    /// 0 is the newest.
    subscript(ago: Int) -> SIMD8<Float> { levels[(newest &- ago) & 63] }

    /// Band by band, over a range of ages.
    func loudest(_ ages: ClosedRange<Int>) -> SIMD8<Float> {
        var loudest = EchoBands.silence
        for ago in ages { loudest = Self.louder(loudest, levels[(newest &- ago) & 63]) }
        return loudest
    }

    /// Band by band, over the last 49 ... 56 frames, 0.98 ... 1.12 s.
    var loudest: SIMD8<Float> {
        var loudest = EchoBands.silence
        for ago in 0..<7 { loudest = Self.louder(loudest, blocks[(newest >> 3 &- ago) & 7]) }
        return loudest
    }

    mutating func reset() {
        for index in levels.indices { levels[index] = EchoBands.silence }
        for index in blocks.indices { blocks[index] = EchoBands.silence }
        newest = 0
    }

    @inline(__always) static func louder(_ left: SIMD8<Float>, _ right: SIMD8<Float>) -> SIMD8<Float> {
        left.replacing(with: right, where: right .> left)
    }
}

/// Band levels of frames that the carrier has and has not played, oldest first. 128 frames, 2.56 s: the largest lead.
struct EchoPlayout: ~Copyable {
    static var frames: Int { 128 }
    private var levels = [SIMD8<Float>](repeating: EchoBands.silence, count: 128)
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
