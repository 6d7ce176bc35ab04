// The one place that copies between spans and memory; no span of the standard library does.

extension UnsafeMutablePointer {
    /// All of `span`, from here on.
    @inlinable public func copy(_ span: borrowing Span<Pointee>) where Pointee: BitwiseCopyable {
        unsafe span.withUnsafeBufferPointer { source in
            if let from = source.baseAddress {
                unsafe UnsafeMutableRawPointer(self).copyMemory(
                    from: from, byteCount: source.count * MemoryLayout<Pointee>.stride)
            }
        }
    }
}

extension MutableSpan where Element: BitwiseCopyable {
    /// Fills all of it from `source`, which is not part of it.
    @inlinable public mutating func copy(from source: UnsafePointer<Element>) {
        unsafe withUnsafeMutableBufferPointer { room in
            if let to = room.baseAddress { unsafe to.update(from: source, count: room.count) }
        }
    }

    /// Copies all of `span` to `offset`, which must leave room for it.
    @inlinable public mutating func copy(_ span: borrowing Span<Element>, at offset: Int = 0) {
        precondition(offset >= 0 && offset + span.count <= count, "offset: \(offset)")
        unsafe withUnsafeMutableBufferPointer { room in
            if let to = room.baseAddress { unsafe (to + offset).copy(span) }
        }
    }
}

extension MutableSpan where Element: BitwiseCopyable {
    /// Copies all of `bytes` to byte `offset`, which must leave room for it.
    @inlinable public mutating func copy(_ bytes: RawSpan, at offset: Int) {
        let byteCount = count * MemoryLayout<Element>.stride
        precondition(offset >= 0 && offset + bytes.byteCount <= byteCount, "offset: \(offset)")
        unsafe bytes.withUnsafeBytes { source in
            unsafe withUnsafeMutableBytes { room in
                if let from = source.baseAddress, let to = room.baseAddress {
                    unsafe (to + offset).copyMemory(from: from, byteCount: source.count)
                }
            }
        }
    }
}
