public import Synchronization

/// The names in a `CounterBlock`: an enum of `UInt8` whose raw values run from 0 without holes.
public protocol CounterName: RawRepresentable<UInt8>, CaseIterable, Sendable {}

/// One counter for each case of `Name`, all raised by one thread and read by any; on cache lines of their own, so that
/// two shards never slow each other down.
@safe
public final class CounterBlock<Name: CounterName>: @unchecked Sendable {  // Atomics only; the pointer never changes.
    @usableFromInline let counters: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline let count: Int
    private let base: UnsafeMutableRawPointer

    public init() {
        count = Name.allCases.count
        for (index, name) in Name.allCases.enumerated() {
            precondition(Int(name.rawValue) == index, "raw value of \(name): \(name.rawValue), expected \(index)")
        }
        let line = RingStorage.lineBytes
        let bytes = (count * MemoryLayout<UInt64>.stride + line - 1) / line * line
        unsafe base = .allocate(byteCount: max(bytes, line), alignment: line)
        unsafe counters = base.bindMemory(to: Atomic<UInt64>.self, capacity: max(count, 1))
        for index in 0..<count { unsafe (counters + index).initialize(to: Atomic(0)) }
    }

    deinit { unsafe base.deallocate() }

    /// The writer's thread only.
    @inlinable public func add(_ name: Name, _ amount: UInt64 = 1) {
        let counter = unsafe counters + Int(name.rawValue)
        unsafe counter.pointee.store(counter.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// The writer's thread only: a level instead of a count.
    @inlinable public func set(_ name: Name, _ value: UInt64) {
        unsafe (counters + Int(name.rawValue)).pointee.store(value, ordering: .relaxed)
    }

    /// Any thread.
    @inlinable public subscript(name: Name) -> UInt64 {
        unsafe (counters + Int(name.rawValue)).pointee.load(ordering: .relaxed)
    }
}
