/// A call's end of a detector that is plugged in: frames in, decisions out, nothing ever waited for. Shard thread; made
/// with the call, and left by it.
open class DetectorSeat {
    /// Why the fallback decides instead; nil: the detector is believed.
    public final var fault: DetectorFault?
    /// It judges on the shard's own thread, and what it costs is the call's.
    public final let runsHere: Bool

    public init(runsHere: Bool, fault: DetectorFault? = nil) { (self.runsHere, self.fault) = (runsHere, fault) }

    /// One frame of 20 ms at 8 kHz. Allocates nothing, takes no lock.
    /// - Returns: whether it is speech; nil when `fault` is set, and the fallback decides.
    open func hear(_ frame: borrowing Span<Int16>) -> Bool? { nil }

    /// Audio is missing, or another line begins: what was heard says nothing about what comes.
    open func restart() {}

    /// The call is over, or goes on without the detector.
    open func leave() {}
}

/// Why a detector that is plugged in is not believed.
public enum DetectorFault: String, Sendable, CaseIterable {
    /// It has not answered yet in this call.
    case starting
    /// Its answers come later than its time-out allows.
    case late
    /// Probabilities that are none, three in a second.
    case wrong
    /// Its process, its server or its thread is not there.
    case gone
    /// It was too dear for the frame path, by the thread's own clock.
    case dear
}
