import AudioPipeline

/// Where one call's time goes, in less than 300 bytes: of one period in sixteen, and the longest of the slow parts of all.
/// Written by its shard, read by any thread.
final class CallBudget: Sendable {
    let call: String
    let tenant: String
    let shard: Int
    /// Upper bounds of the histogram of its ticks, in nanoseconds; the last bucket has none.
    static let bounds: [UInt64] = [10_000, 20_000, 50_000, 100_000, 500_000, 2_000_000, 20_000_000]

    /// What takes longer is never missed by `maximumNanoseconds`.
    static let slowNanoseconds: UInt64 = 200_000

    /// A part's count, sum and maximum; then the buckets of both ticks together; then the frames over budget.
    private struct Cell: CounterName {
        let rawValue: UInt8
        static let firstBucket = 18
        static let over = Cell(26)
        static var allCases: [Cell] { (0...26).map { Cell($0) } }
        init(_ index: Int) { rawValue = UInt8(truncatingIfNeeded: index) }
        init?(rawValue: UInt8) { self.rawValue = rawValue }
    }
    private let cells = CounterBlock<Cell>()

    init(call: String, tenant: String, shard: Int) { (self.call, self.tenant, self.shard) = (call, tenant, shard) }

    /// Shard thread. `part` is one of a call's own, `hear` ... `outbound`.
    func record(_ part: FrameBudget.Part, nanoseconds: UInt64) {
        let first = part.rawValue * 3
        guard first < Cell.firstBucket else { return }
        cells.add(Cell(first))
        cells.add(Cell(first + 1), nanoseconds)
        note(part, nanoseconds: nanoseconds)
        if part == .inbound || part == .outbound { cells.add(Cell(Cell.firstBucket + Self.bucket(of: nanoseconds))) }
    }

    /// Shard thread. The longest of the part so far, if it is, and nothing else.
    func note(_ part: FrameBudget.Part, nanoseconds: UInt64) {
        let longest = part.rawValue * 3 + 2
        guard longest < Cell.firstBucket, cells[Cell(longest)] < nanoseconds else { return }
        cells.set(Cell(longest), nanoseconds)
    }

    /// Shard thread.
    func overran() { cells.add(Cell.over) }

    /// Comparisons and no table: a global would be looked up under a lock at first.
    private static func bucket(of nanoseconds: UInt64) -> Int {
        if nanoseconds <= 20_000 { return nanoseconds <= 10_000 ? 0 : 1 }
        if nanoseconds <= 100_000 { return nanoseconds <= 50_000 ? 2 : 3 }
        if nanoseconds <= 2_000_000 { return nanoseconds <= 500_000 ? 4 : 5 }
        return nanoseconds <= 20_000_000 ? 6 : 7
    }

    // MARK: Any thread

    var framesOver: UInt64 { cells[Cell.over] }
    func count(_ part: FrameBudget.Part) -> UInt64 { cells[Cell(part.rawValue * 3)] }
    func sumNanoseconds(_ part: FrameBudget.Part) -> UInt64 { cells[Cell(part.rawValue * 3 + 1)] }
    func maximumNanoseconds(_ part: FrameBudget.Part) -> UInt64 { cells[Cell(part.rawValue * 3 + 2)] }
    /// One more than `bounds`.
    var ticks: [UInt64] { (0...Self.bounds.count).map { cells[Cell(Cell.firstBucket + $0)] } }
}
