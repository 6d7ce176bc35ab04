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
    private var waitingSince: Int64 = -1
    private var skippedTicks: Int64 = 0
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
            if lastTick >= 0, isInsideItem, tick > lastTick + 1, !isPaused {
                lateTicks += tick - lastTick - 1
                if waitingSince < 0 { skippedTicks += tick - lastTick - 1 }
            }
            lastTick = tick
        }
        guard !isPaused else { return 0 }
        let due = leadFrames - Int(max(0, playedOutAt - tick))
        return due / batchFrames * batchFrames
    }

    /// What came of asking the queue for one due frame; a `.frame` has been sent. Returns the hole that it ends, if any.
    public mutating func note(_ pop: PlayoutPop, at tick: Int64) -> PlayoutHole? {
        switch pop {
        case .frame(let frame):
            let hole = frame.isFirst ? nil : holeEnding(at: tick)
            playedOutAt = max(playedOutAt, tick) + 1
            lastSentTick = tick
            isInsideItem = !frame.isLast
            (waitingSince, skippedTicks, wasPaused) = (-1, 0, false)
            return hole
        case .waiting:
            if isInsideItem, waitingSince < 0, lastSentTick < tick { waitingSince = tick }
        case .ended, .empty:
            isInsideItem = false
            (waitingSince, skippedTicks, wasPaused) = (-1, 0, false)
        }
        return nil
    }

    /// Reversible: the next frame after `resume` is the next sample. What the carrier already has plays on.
    public mutating func pause() { isPaused = true }

    public mutating func resume() {
        wasPaused = wasPaused || isPaused
        isPaused = false
    }

    /// The carrier was told to drop what it has; the next item builds its lead from nothing. Ends a pause.
    public mutating func clear() {
        (playedOutAt, isPaused, isInsideItem) = (0, false, false)
        (waitingSince, skippedTicks, wasPaused) = (-1, 0, false)
    }

    /// Milliseconds of audio the carrier has left to play at `tick`, as far as we can know.
    public func bufferedMilliseconds(at tick: Int64) -> Int { Int(max(0, playedOutAt - tick)) * 20 }

    private func holeEnding(at tick: Int64) -> PlayoutHole? {
        guard !wasPaused else { return nil }
        let modelTicks = waitingSince >= 0 ? tick - waitingSince : 0
        let ticks = modelTicks > 0 ? modelTicks : skippedTicks
        let audible = max(0, tick - playedOutAt)
        // One tick without a frame is jitter between deltas, unless the caller could hear it.
        guard ticks > 1 || ticks > 0 && audible > 0 else { return nil }
        return PlayoutHole(
            cause: modelTicks > 0 ? .modelLate : .ours, milliseconds: Int(ticks) * 20,
            audibleMilliseconds: Int(audible) * 20)
    }
}
