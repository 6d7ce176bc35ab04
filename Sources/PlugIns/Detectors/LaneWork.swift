import AudioPipeline
import VAD

/// The worker's end of one call: its frames, the windows they make, and how far they have been answered. One thread.
final class LaneWork: @unchecked Sendable {  // Handed over once, with the lane; then the worker's alone.
    let lane: DetectorLane
    private var reader: PCMFrameReader
    private var windows: FrameWindows?
    private var window: DetectorWindow?
    private var frame = [Int16](repeating: 0, count: FrameWindows.frameSamples)
    private var restarts: UInt32 = 0
    private var hasGap = false
    private var answer = LaneAnswer(absence: .starting)
    /// Taken out of the ring.
    private var taken: UInt32 = 0
    /// Of what was taken, answered or let go, in microseconds since `base`.
    private var answered = 0
    private var base: UInt32 = 0
    /// Windows that wait for an answer.
    private(set) var outstanding = 0

    init(_ lane: DetectorLane, reader: consuming PCMFrameReader) {
        self.lane = lane
        self.reader = reader
    }

    var waitingFrames: Int { reader.count }

    /// Somebody judges from now on, in windows of this size.
    func begin(_ window: DetectorWindow) {
        windows = FrameWindows(window)
        self.window = window
        // One that was gone is believed again when it has answered for a while.
        skip()
    }

    /// Nobody judges any more: frames are let go until `begin`.
    func abandon() {
        windows = nil
        window = nil
        skip()
        answer.absence = .gone
        answer.isSpeech = false
        publish()
    }

    /// The detector has fallen behind, or nobody judges: everything that waits is let go, and its past with it.
    func skip() {
        taken &+= UInt32(truncatingIfNeeded: reader.discard())
        windows?.reset()
        (base, answered, outstanding) = (taken, 0, 0)
        answer.frames = taken
        publish()
    }

    /// Whether the line has a gap since the last time: the detector forgets before it hears on.
    func takeRestart() -> Bool {
        let newest = lane.restartCount
        guard newest != restarts || hasGap else { return false }
        (restarts, hasGap) = (newest, false)
        forgetPart()
        return true
    }

    /// The detector has fallen behind, and its answers to what it was given are still to come: what waits is let go.
    /// - Returns: whether that was anything.
    func letGo() -> Bool {
        let count = UInt32(truncatingIfNeeded: reader.discard())
        guard count > 0 else { return false }
        taken &+= count
        base &+= count
        hasGap = true
        forgetPart()
        return true
    }

    /// What has not filled a window never will, and has been answered for.
    private func forgetPart() {
        answered += windows?.waitingMicroseconds ?? 0
        windows?.reset()
        answer.frames = base &+ UInt32(truncatingIfNeeded: answered / 20_000)
        publish()
    }

    /// The next frame; its whole windows go to `judge`.
    /// - Returns: false when there is none.
    func next(_ judge: (borrowing Span<Int16>) -> Void) -> Bool {
        guard windows != nil else { return false }
        var room = frame.mutableSpan
        guard reader.pop(into: &room) else { return false }
        taken &+= 1
        var made = 0
        windows?.add(frame.span) { window in
            made += 1
            judge(window)
        }
        outstanding += made
        return true
    }

    /// The oldest window that waited has its answer. One that nobody waits for counts as wrong.
    func answered(_ activity: VoiceActivity) {
        guard outstanding > 0, let microseconds = window?.microseconds else { return answeredWrongly() }
        outstanding -= 1
        answered += microseconds
        // Whole frames; the rest of a window counts with the next.
        answer.frames = base &+ UInt32(truncatingIfNeeded: answered / 20_000)
        answer.absence = nil
        if activity.isInRange { answer.isSpeech = activity.isSpeech } else { answer.wrong &+= 1 }
        publish()
    }

    func answeredWrongly() {
        answer.wrong &+= 1
        publish()
    }

    private func publish() { lane.publish(answer) }
}
