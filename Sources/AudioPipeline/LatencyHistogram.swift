public import Synchronization

/// How long something took, a million times over, in fixed memory: 32 steps per power of two, so within 3.2 % of the
/// truth from 1 ns to 137 s. One thread records, any thread takes snapshots.
@safe
public final class LatencyHistogram: @unchecked Sendable {  // Atomics only; the pointer never changes.
    /// Below 32 ns every nanosecond has its own bucket; above, each power of two is split in 32. Longer than 2^37 ns
    /// counts in the last bucket, its true value in `maximumNanoseconds`.
    @usableFromInline static let stepBits = 5
    @usableFromInline static let largestBits = 37
    @usableFromInline static let bucketCount = (largestBits - stepBits + 1) << stepBits

    /// Buckets, then sum, then maximum.
    @usableFromInline let cells: UnsafeMutablePointer<Atomic<UInt64>>

    public init() {
        let count = Self.bucketCount + 2
        unsafe cells = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<UInt64>.stride, alignment: RingStorage.lineBytes
        ).bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { unsafe (cells + index).initialize(to: Atomic(0)) }
    }

    deinit { unsafe UnsafeMutableRawPointer(cells).deallocate() }

    /// The writer's thread only.
    @inlinable public func record(nanoseconds: UInt64) {
        let bucket = unsafe cells + Self.bucket(of: nanoseconds)
        unsafe bucket.pointee.store(bucket.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        let sum = unsafe cells + Self.bucketCount
        unsafe sum.pointee.store(sum.pointee.load(ordering: .relaxed) &+ nanoseconds, ordering: .relaxed)
        let maximum = unsafe cells + (Self.bucketCount + 1)
        if unsafe maximum.pointee.load(ordering: .relaxed) < nanoseconds {
            unsafe maximum.pointee.store(nanoseconds, ordering: .relaxed)
        }
    }

    /// Any thread. What is recorded meanwhile may be in or not.
    public func snapshot() -> HistogramSnapshot {
        var counts = [UInt64](repeating: 0, count: Self.bucketCount)
        for index in counts.indices { counts[index] = unsafe (cells + index).pointee.load(ordering: .relaxed) }
        return HistogramSnapshot(
            counts: counts,
            sumNanoseconds: unsafe (cells + Self.bucketCount).pointee.load(ordering: .relaxed),
            maximumNanoseconds: unsafe (cells + (Self.bucketCount + 1)).pointee.load(ordering: .relaxed))
    }

    @inlinable static func bucket(of nanoseconds: UInt64) -> Int {
        guard nanoseconds < 1 << UInt64(largestBits) else { return bucketCount - 1 }
        let bits = UInt64.bitWidth - nanoseconds.leadingZeroBitCount
        guard bits > stepBits + 1 else { return Int(nanoseconds) }
        let shift = bits - (stepBits + 1)
        return shift << stepBits + Int(nanoseconds >> UInt64(shift))
    }

    /// The largest value that falls into `bucket`, in nanoseconds.
    static func upperBound(of bucket: Int) -> UInt64 {
        guard bucket >= 2 << stepBits else { return UInt64(bucket) }
        let shift = UInt64(bucket >> stepBits - 1)
        let step = UInt64(bucket) - shift << UInt64(stepBits)
        return (step + 1) << shift - 1
    }
}

/// What a `LatencyHistogram` held at one moment; histograms of several shards add up.
public struct HistogramSnapshot: Sendable, Equatable {
    var counts: [UInt64]
    public private(set) var sumNanoseconds: UInt64
    public private(set) var maximumNanoseconds: UInt64

    /// Of nothing, to merge others into.
    public init() {
        self.init(
            counts: Array(repeating: 0, count: LatencyHistogram.bucketCount), sumNanoseconds: 0, maximumNanoseconds: 0)
    }

    init(counts: [UInt64], sumNanoseconds: UInt64, maximumNanoseconds: UInt64) {
        (self.counts, self.sumNanoseconds, self.maximumNanoseconds) = (counts, sumNanoseconds, maximumNanoseconds)
    }

    public var count: UInt64 { counts.reduce(0, &+) }

    public mutating func merge(_ other: HistogramSnapshot) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sumNanoseconds &+= other.sumNanoseconds
        maximumNanoseconds = max(maximumNanoseconds, other.maximumNanoseconds)
    }

    /// What was recorded since `earlier`, of the same histogram. The maximum stays that of its whole life.
    public func since(_ earlier: HistogramSnapshot) -> HistogramSnapshot {
        var difference = self
        for index in counts.indices { difference.counts[index] = counts[index] &- earlier.counts[index] }
        difference.sumNanoseconds = sumNanoseconds &- earlier.sumNanoseconds
        return difference
    }

    /// The value that a share of what was recorded does not exceed, at most 3.2 % too high and never above the maximum.
    /// - Parameter share: 0 ... 1: 0.5 for the median, 0.999 for p99.9.
    /// - Returns: nanoseconds; 0 when nothing was recorded.
    public func percentile(_ share: Double) -> UInt64 {
        let total = count
        guard total > 0 else { return 0 }
        let rank = max(1, UInt64((share * Double(total)).rounded(.up)))
        var seen: UInt64 = 0
        for (index, bucketCount) in counts.enumerated() {
            seen += bucketCount
            if seen >= rank { return min(LatencyHistogram.upperBound(of: index), maximumNanoseconds) }
        }
        return maximumNanoseconds
    }

    /// How many were certainly no longer than `nanoseconds`: whole buckets below it.
    public func count(upTo nanoseconds: UInt64) -> UInt64 {
        var seen: UInt64 = 0
        for (index, bucketCount) in counts.enumerated() {
            // The last bucket also holds all that is longer.
            guard index < counts.count - 1, LatencyHistogram.upperBound(of: index) <= nanoseconds else { break }
            seen += bucketCount
        }
        return seen
    }
}
