import CLinux

/// How a loop's thread is scheduled.
public enum LoopPriority: Sendable {
    case ordinary
    /// Before every ordinary thread of the machine (SCHED_FIFO): asked for when the thread starts, done without when the
    /// kernel refuses. Needs CAP_SYS_NICE or a limit RLIMIT_RTPRIO of at least `realtimeLevel`. Source: sched(7).
    case realtime

    public enum Outcome: Sendable, Equatable {
        case granted
        /// In the kernel's words.
        case refused(String)
    }

    /// Low among real-time threads: those of the kernel, and of audio cards, come first.
    public static let realtimeLevel: CInt = 10

    /// The process's memory is kept from being swapped out, as far as it is touched. Any thread, once.
    /// Needs root or an unlimited RLIMIT_MEMLOCK. Source: mlock(2).
    public static func lockMemory() -> Outcome {
        let reason = media_bridge_lock_memory()
        return reason == 0 ? .granted : .refused(describe(errno: reason))
    }
}
