/// How much later than sent the carrier plays, as its marks tell: the way there and back and its buffer, which stay, and
/// holes in its play-out, which add up (S04).
///
/// A single late mark may have been held up on its way back, so only what `agreeing` marks in a row agree on is a hole;
/// what happens in the last marks of an item, or before its first, is not told apart from the way. Fixed memory.
struct CarrierLag: Sendable {
    /// Marks in a row that must agree: 600 ms of audio.
    static let agreeing = 3
    /// Less is jitter: two frames.
    static let leastMilliseconds: Int64 = 40
    /// Marks under way that are remembered: 6.4 s of audio.
    private static let capacity = 32

    private struct Mark: BitwiseCopyable {
        var position: Int64 = -1
        /// When the clock of sending says that it is played.
        var due: CallInstant = .start
    }
    private var marks = InlineArray<32, Mark>(repeating: Mark())
    private var count = 0

    /// The item that the newest marks belong to.
    private var item = PlayoutItem(ordinal: 0)
    /// The lag that this item's audio had before any hole, plus the holes found since, in nanoseconds.
    private var accounted: Int64 = 0
    var delay: Int64 { accounted }

    private var recent = SIMD2<Int64>(repeating: .max)
    private var marksOfItem = 0

    /// A mark goes out. Allocates nothing.
    mutating func sent(position: Int64, due: CallInstant) {
        marks[count % Self.capacity] = Mark(position: position, due: due)
        count += 1
    }

    /// The mark at `position` came back.
    /// - Returns: nanoseconds that it was played, and its echo was under way, after the clock of sending; nil for one
    ///   that is no longer remembered. And a hole, in milliseconds, that it proves.
    mutating func returned(position: Int64, item: PlayoutItem, at now: CallInstant) -> (lag: Int64, hole: Int)? {
        guard let mark = find(position) else { return nil }
        let lag = max(0, now.nanoseconds - mark.due.nanoseconds)
        if item != self.item {
            (self.item, accounted, marksOfItem) = (item, lag, 1)
            recent = SIMD2(lag, .max)
            return (lag, 0)
        }
        marksOfItem += 1
        let agreed = min(lag, recent[0], recent[1])
        recent = SIMD2(lag, recent[0])
        var hole: Int64 = 0
        if marksOfItem > Self.agreeing, agreed - accounted >= Self.leastMilliseconds * 1_000_000 {
            hole = (agreed - accounted) / 1_000_000
            accounted = agreed
        }
        accounted = min(accounted, lag)
        return (lag, Int(hole))
    }

    private func find(_ position: Int64) -> Mark? {
        for back in 1...Self.capacity where back <= count {
            let mark = marks[(count - back) % Self.capacity]
            if mark.position == position { return mark }
        }
        return nil
    }
}
