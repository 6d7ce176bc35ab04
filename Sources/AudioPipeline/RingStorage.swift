public import Synchronization

/// The memory both ends of a ring share: two indices and the slots, in one allocation.
///
/// Indices count elements since the ring was made and never wrap (64 bits of elements outlive the machine). Each lies
/// on a cache line pair of its own: 128 bytes, because x86 fetches lines in pairs.
@usableFromInline
@safe
final class RingStorage: @unchecked Sendable {  // Only atomics are shared; a slot belongs to one end at a time.
    @usableFromInline static let lineBytes = 128

    /// Written by the reader.
    @usableFromInline let readIndex: UnsafeMutablePointer<Atomic<Int>>
    /// Written by the writer.
    @usableFromInline let writeIndex: UnsafeMutablePointer<Atomic<Int>>
    /// Elements the writer found no room for. Written by the writer, on its line.
    @usableFromInline let refused: UnsafeMutablePointer<Atomic<Int>>
    @usableFromInline let slots: UnsafeMutableRawPointer
    private let base: UnsafeMutableRawPointer

    init(slotBytes: Int) {
        let line = Self.lineBytes
        unsafe base = .allocate(byteCount: 2 * line + slotBytes, alignment: line)
        unsafe readIndex = base.bindMemory(to: Atomic<Int>.self, capacity: 1)
        unsafe writeIndex = (base + line).bindMemory(to: Atomic<Int>.self, capacity: 1)
        unsafe refused = (base + line + 64).bindMemory(to: Atomic<Int>.self, capacity: 1)
        unsafe slots = base + 2 * line
        unsafe readIndex.initialize(to: Atomic(0))
        unsafe writeIndex.initialize(to: Atomic(0))
        unsafe refused.initialize(to: Atomic(0))
        // Touched now, so that no page fault waits for the first frame.
        unsafe slots.initializeMemory(as: UInt8.self, repeating: 0, count: slotBytes)
    }

    deinit { unsafe base.deallocate() }
}

/// The writer's half of the bookkeeping. Writer's thread only.
@usableFromInline
@safe
struct WriteCursor: ~Copyable {
    @usableFromInline let storage: RingStorage
    @usableFromInline let capacity: Int
    @usableFromInline var index = 0
    /// The reader's index as last seen: loaded again only when the ring looks full.
    @usableFromInline var knownReadIndex = 0

    init(_ storage: RingStorage, capacity: Int) { (self.storage, self.capacity) = (storage, capacity) }

    /// Whether `count` elements fit; counts them as refused when they do not.
    @inlinable mutating func reserve(_ count: Int) -> Bool {
        if index - knownReadIndex + count <= capacity { return true }
        // Acquire: the reader is done with these slots before they are written again.
        unsafe knownReadIndex = storage.readIndex.pointee.load(ordering: .acquiring)
        if index - knownReadIndex + count <= capacity { return true }
        let refused = unsafe storage.refused.pointee.load(ordering: .relaxed)
        unsafe storage.refused.pointee.store(refused + count, ordering: .relaxed)
        return false
    }

    @inlinable mutating func publish(_ count: Int) {
        index += count
        // Release: the slots are written before the reader may see them.
        unsafe storage.writeIndex.pointee.store(index, ordering: .releasing)
    }

    @inlinable var used: Int { unsafe index - storage.readIndex.pointee.load(ordering: .acquiring) }
    @inlinable var refused: Int { unsafe storage.refused.pointee.load(ordering: .relaxed) }
}

/// The reader's half of the bookkeeping. Reader's thread only.
@usableFromInline
@safe
struct ReadCursor: ~Copyable {
    @usableFromInline let storage: RingStorage
    @usableFromInline let capacity: Int
    @usableFromInline var index = 0
    /// The writer's index as last seen: loaded again only when the ring looks empty.
    @usableFromInline var knownWriteIndex = 0

    init(_ storage: RingStorage, capacity: Int) { (self.storage, self.capacity) = (storage, capacity) }

    @inlinable mutating func available(_ count: Int) -> Bool {
        if knownWriteIndex - index >= count { return true }
        return refresh() >= count
    }

    /// Elements there to be read.
    @inlinable mutating func refresh() -> Int {
        // Acquire: the slots' contents are seen after the index that published them.
        unsafe knownWriteIndex = storage.writeIndex.pointee.load(ordering: .acquiring)
        return knownWriteIndex - index
    }

    @inlinable mutating func release(_ count: Int) {
        index += count
        // Release: our reads of the slots end before the writer may use them again.
        unsafe storage.readIndex.pointee.store(index, ordering: .releasing)
    }

    @inlinable var used: Int { unsafe storage.writeIndex.pointee.load(ordering: .acquiring) - index }
    @inlinable var refused: Int { unsafe storage.refused.pointee.load(ordering: .relaxed) }
}

/// The smallest power of two that is at least `count`.
func ringCapacity(atLeast count: Int) -> Int {
    precondition(count > 0 && count <= 1 << 40, "capacity: \(count)")
    return count == 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
}
