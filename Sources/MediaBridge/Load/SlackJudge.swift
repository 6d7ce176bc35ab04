/// Whether another call may be let in, from what the shards' clocks showed in each of the last seconds.
///
/// Closed by a second in which a shard used more than 85 % of its core, or by two in a row in which 1 % of its ticks were
/// over later than 5 ms after their deadline. Open again after three seconds in a row with room on every shard. A
/// second of few ticks says nothing: a handful of calls never fills a shard, and a stall of the host is not theirs.
struct SlackJudge: Sendable {
    /// One shard's last second.
    struct Second: Sendable, Equatable {
        /// Runs of the clock.
        var ticks: UInt64
        /// Nanoseconds after its deadline that 99 % of them were over.
        var finishNanoseconds: UInt64
        var coreThousandths: Int
    }

    static let fewestTicks: UInt64 = 200
    static let (fullCore, roomyCore) = (850, 750)
    static let (lateFinish, roomyFinish): (UInt64, UInt64) = (5_000_000, 3_000_000)
    static let (lateSeconds, roomySeconds) = (2, 3)

    private(set) var isOpen = true
    private var lateInARow = 0
    private var roomyInARow = 0

    /// Once a second.
    mutating func judge(_ shards: [Second]) {
        let telling = shards.filter { $0.ticks >= Self.fewestTicks }
        let isFull = telling.contains { $0.coreThousandths > Self.fullCore }
        lateInARow = telling.contains { $0.finishNanoseconds > Self.lateFinish } ? lateInARow + 1 : 0
        let isRoomy = telling.allSatisfy {
            $0.coreThousandths < Self.roomyCore && $0.finishNanoseconds < Self.roomyFinish
        }
        roomyInARow = isRoomy ? roomyInARow + 1 : 0
        if isFull || lateInARow >= Self.lateSeconds {
            isOpen = false
        } else if roomyInARow >= Self.roomySeconds {
            isOpen = true
        }
    }
}
