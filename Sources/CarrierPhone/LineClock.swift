/// The line's real time: frame k is due at the beginning plus (k + 1) x 20 ms, however late we look.
struct LineClock {
    static let frameNanoseconds: UInt64 = 20_000_000
    /// What is made up for at once after a stall; the rest is let go, as a new beginning.
    static let longestCatchUpFrames = 50

    /// When the next frame is due, in monotonic nanoseconds.
    private(set) var deadline: UInt64

    init(beginning: UInt64) { deadline = beginning + Self.frameNanoseconds }

    /// How late `now` is for the next frame.
    func latenessMicroseconds(at now: UInt64) -> Int { now > deadline ? Int((now - deadline) / 1_000) : 0 }

    /// Frames to run at `now`; the deadline moves past it.
    mutating func framesDue(at now: UInt64) -> Int {
        guard now >= deadline else { return 0 }
        let count = (now - deadline) / Self.frameNanoseconds + 1
        deadline += count * Self.frameNanoseconds
        return Int(min(count, UInt64(Self.longestCatchUpFrames)))
    }
}
