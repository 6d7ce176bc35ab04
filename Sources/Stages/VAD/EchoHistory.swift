/// Band levels of the last 64 frames, in dB: 1.28 s. Memory is taken in `init`.
@safe struct EchoHistory: ~Copyable {
    static var frames: Int { 64 }
    private let levels: UnsafeMutablePointer<SIMD8<Float>>
    /// The loudest of each block of eight frames, so that nobody looks at all of them.
    private let blocks: UnsafeMutablePointer<SIMD8<Float>>
    private var newest = 0
    /// Band by band, over the last 49 ... 56 frames, 0.98 ... 1.12 s.
    private(set) var loudest = EchoBands.silence

    init() {
        unsafe levels = .allocate(capacity: 72)
        unsafe levels.initialize(repeating: EchoBands.silence, count: 72)
        unsafe blocks = levels + 64
    }

    deinit { unsafe levels.deallocate() }

    mutating func append(_ level: SIMD8<Float>) {
        newest = (newest &+ 1) & 63
        unsafe levels[newest] = level
        let block = newest >> 3
        unsafe blocks[block] = newest & 7 == 0 ? level : blocks[block].louder(level)
        // Seven of eight: the oldest block is the next one round.
        var loudest = unsafe blocks[block]
        for ago in 1..<7 { loudest = unsafe loudest.louder(blocks[(block &- ago) & 7]) }
        self.loudest = loudest
    }

    /// 0 is the newest.
    subscript(ago: Int) -> SIMD8<Float> { unsafe levels[(newest &- ago) & 63] }

    /// Band by band, over a range of ages.
    func loudest(_ ages: ClosedRange<Int>) -> SIMD8<Float> {
        var loudest = self[ages.lowerBound]
        var ago = ages.lowerBound &+ 1
        while ago <= ages.upperBound {
            loudest = loudest.louder(self[ago])
            ago &+= 1
        }
        return loudest
    }

    mutating func reset() {
        unsafe levels.update(repeating: EchoBands.silence, count: 72)
        newest = 0
        loudest = EchoBands.silence
    }
}
