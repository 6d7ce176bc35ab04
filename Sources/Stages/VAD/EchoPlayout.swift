/// Band levels of frames that the carrier has and has not played, oldest first. 128 frames, 2.56 s: the largest lead.
/// Memory is taken in `init`.
@safe struct EchoPlayout: ~Copyable {
    static var frames: Int { 128 }
    private let levels: UnsafeMutablePointer<SIMD8<Float>>
    private var first = 0
    private(set) var count = 0

    init() {
        unsafe levels = .allocate(capacity: Self.frames)
        unsafe levels.initialize(repeating: EchoBands.silence, count: Self.frames)
    }

    deinit { unsafe levels.deallocate() }

    /// When it is full the oldest is taken for played.
    mutating func append(_ level: SIMD8<Float>) {
        if count == Self.frames { _ = next() }
        unsafe levels[(first &+ count) & (Self.frames - 1)] = level
        count &+= 1
    }

    /// What the carrier plays for the next 20 ms.
    mutating func next() -> SIMD8<Float> {
        guard count > 0 else { return EchoBands.silence }
        let level = unsafe levels[first]
        first = (first &+ 1) & (Self.frames - 1)
        count &-= 1
        return level
    }

    mutating func clear() { (first, count) = (0, 0) }
}
