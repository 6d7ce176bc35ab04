/// Pieces of a message put together. Grows only as far as the largest message seen, and is kept.
@safe struct MessageBuffer: ~Copyable {
    private var storage = unsafe UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
    private(set) var count = 0

    deinit { unsafe storage.deallocate() }

    var bytes: UnsafeBufferPointer<UInt8> { unsafe UnsafeBufferPointer(rebasing: storage[..<count]) }

    mutating func append(_ piece: UnsafeBufferPointer<UInt8>) {
        guard let from = piece.baseAddress, piece.count > 0 else { return }
        if unsafe count + piece.count > storage.count {
            let larger = unsafe UnsafeMutableBufferPointer<UInt8>.allocate(
                capacity: max(count + piece.count, 2 * storage.count, 1_024))
            if let old = unsafe storage.baseAddress { unsafe larger.baseAddress!.update(from: old, count: count) }
            unsafe storage.deallocate()
            unsafe storage = larger
        }
        unsafe (storage.baseAddress! + count).update(from: from, count: piece.count)
        count += piece.count
    }

    mutating func clear() { count = 0 }
}
