/// Tells a stage that is too dear from a thread that was not run.
///
/// A frame over budget by the wall clock makes the stage a suspect: for the next second its processor time is taken as
/// well, which a preempted thread does not use. Three frames over budget by that clock, and the stage is to be demoted.
struct StageWatch: ~Copyable {
    static let framesWatched = 50
    static let framesToDemote = 3

    private var left = 0
    private var over = 0

    /// The next frame's processor time is wanted.
    var isWatching: Bool { left > 0 }

    /// A frame was over budget by the wall clock.
    mutating func suspect() {
        guard left == 0 else { return }
        (left, over) = (Self.framesWatched, 0)
    }

    /// A watched frame's processor time.
    /// - Returns: whether the stage is to be demoted now.
    mutating func spent(nanoseconds: UInt64) -> Bool {
        guard left > 0 else { return false }
        left -= 1
        if nanoseconds > FrameBudget.overNanoseconds { over += 1 }
        guard over >= Self.framesToDemote else { return false }
        left = 0
        return true
    }
}
