public import Conversation

/// When agent audio goes to the carrier: a lead into its buffer, then one frame per 20 ms (S01).
///
/// Counts in ticks of the call's outbound grid and keeps one fact: until which tick the carrier has something to play.
/// Each tick fills that up to the lead and never beyond it, so a start, a late tick and a pause of the model are all
/// the same case: what is missing is sent, at most the lead at once (S05), and no debt is carried on.
/// Pure: no clock, no queue, no allocation.
public struct Pacer: Sendable, Equatable {
    public let leadFrames: Int
    /// Frames that go out together, to have fewer messages; 1 sends each when it is due.
    public let batchFrames: Int
    /// Ticks of ours that did not happen while an item was playing.
    public private(set) var lateTicks: Int64 = 0
    public private(set) var isPaused = false

    /// The carrier plays our audio up to this tick.
    private var playedOutAt: Int64 = 0
    private var lastTick: Int64 = -1
    private var lastSentTick: Int64 = -1
    /// Frames of the current item have gone out and more are to come.
    private var isInsideItem = false
    /// Ticks since the last frame in which one was missing, and those of them in which the carrier had nothing to play.
    private var gap = GapTicks()
    private var dryGap = GapTicks()
    /// Why nothing went out at `lastTick`; what still goes out in that tick takes it back.
    private var missing: PlayoutHole.Cause?
    /// First tick of ours that did not happen, until it is known whether the model is to blame for it all the same.
    private var skippedFrom: Int64 = -1
    private var wasWaiting = false
    /// Sending was paused at `lastTick`.
    private var wasPaused = false

    /// - Parameters:
    ///   - leadMilliseconds: 160 hides what 1 % of packet loss does to TCP; at least one frame.
    ///   - batchMilliseconds: 20, 40, 60 ... up to the lead.
    public init(leadMilliseconds: Int = 160, batchMilliseconds: Int = 20) {
        leadFrames = max(1, leadMilliseconds / 20)
        batchFrames = min(max(1, batchMilliseconds / 20), leadFrames)
    }

    /// How many frames may go out at `tick`. Ticks only grow; asking twice in one tick gives what is left.
    public mutating func framesDue(at tick: Int64) -> Int {
        if tick > lastTick {
            if lastTick >= 0, isInsideItem { pass(to: tick) }
            (missing, lastTick, wasPaused) = (nil, tick, isPaused)
        }
        guard !isPaused else { return 0 }
        let due = leadFrames - Int(max(0, playedOutAt - tick))
        return due / batchFrames * batchFrames
    }

    /// `lastTick` is over, and so are the ticks up to `tick` that did not happen.
    private mutating func pass(to tick: Int64) {
        settleSkipped(as: .ours)
        if let missing { blame(missing, from: lastTick, to: lastTick + 1) }
        // Whoever pauses or resumes does it on our thread: not before a stall is over.
        guard tick > lastTick + 1, !wasPaused else { return }
        lateTicks += tick - lastTick - 1
        (skippedFrom, wasWaiting) = (lastTick + 1, missing == .modelLate)
    }

    private mutating func settleSkipped(as cause: PlayoutHole.Cause) {
        if skippedFrom >= 0 { blame(cause, from: skippedFrom, to: lastTick) }
        skippedFrom = -1
    }

    private mutating func blame(_ cause: PlayoutHole.Cause, from first: Int64, to end: Int64) {
        gap.add(max(0, end - first), to: cause)
        dryGap.add(max(0, end - max(first, playedOutAt)), to: cause)
    }

    /// What came of asking the queue for one due frame; a `.frame` has been sent. Returns the hole that it ends, if any.
    public mutating func note(_ pop: PlayoutPop, at tick: Int64) -> PlayoutHole? {
        switch pop {
        case .frame(let frame):
            settleSkipped(as: .ours)
            let hole = frame.isFirst ? nil : holeEnding()
            playedOutAt = max(playedOutAt, tick) + 1
            lastSentTick = tick
            forgetGap()
            isInsideItem = !frame.isLast
            return hole
        case .waiting:
            // Without audio before the stall and after it, the stall changed nothing.
            settleSkipped(as: wasWaiting ? .modelLate : .ours)
            if isInsideItem, lastSentTick < tick { missing = .modelLate }
        case .ended, .empty:
            isInsideItem = false
            forgetGap()
        }
        return nil
    }

    /// Frames are due at `tick`, and the carrier's socket takes none.
    public mutating func noteBlocked(at tick: Int64) {
        settleSkipped(as: .ours)
        if isInsideItem, lastSentTick < tick { missing = .carrier }
    }

    /// Reversible: the next frame after `resume` is the next sample. What the carrier already has plays on. Ticks of a
    /// pause are nobody's gap.
    public mutating func pause() { isPaused = true }

    public mutating func resume() { isPaused = false }

    /// The carrier was told to drop what it has; the next item builds its lead from nothing. Ends a pause.
    public mutating func clear() {
        carrierReplaced()
        (isPaused, isInsideItem) = (false, false)
    }

    /// Another stream took over: its buffer is empty, and what the old one still had is no hole of ours.
    public mutating func carrierReplaced() {
        playedOutAt = 0
        forgetGap()
    }

    private mutating func forgetGap() {
        (gap, dryGap, missing, skippedFrom, wasWaiting) = (GapTicks(), GapTicks(), nil, -1, false)
    }

    /// Milliseconds of audio the carrier has left to play at `tick`, as far as we can know.
    public func bufferedMilliseconds(at tick: Int64) -> Int { Int(max(0, playedOutAt - tick)) * 20 }

    private func holeEnding() -> PlayoutHole? {
        // One tick without a frame is jitter between deltas, unless the caller could hear it.
        guard gap.total > 1 || dryGap.total > 0 else { return nil }
        return PlayoutHole(
            cause: dryGap.total > 0 ? dryGap.worst : gap.worst, milliseconds: Int(gap.total) * 20,
            audibleMilliseconds: Int(dryGap.total) * 20)
    }
}
