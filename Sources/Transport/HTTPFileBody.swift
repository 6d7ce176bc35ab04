import Dispatch
import Glibc

/// A stretch of a file as an answer's body: read piece by piece while the peer takes it, on a queue of its own, so that
/// neither memory nor a loop thread pays for its size. The file stays readable when its name is removed meanwhile.
public final class HTTPFileBody: Sendable {
    /// Bytes in memory for each answer under way.
    static let pieceBytes = 128 * 1024
    /// Disks are waited for here, by a bounded number of threads.
    private static let queue = DispatchQueue(label: "file-bodies", attributes: .concurrent)

    private let descriptor: CInt
    /// Size of the whole file when it was opened.
    public let fileBytes: Int64
    /// Where the stretch begins in the file.
    public let start: Int64
    /// Its length.
    public let count: Int64

    /// Not on a loop thread.
    /// - Parameter range: of the file's bytes; nil for all of it. Cut to the file.
    /// - Returns: nil when it cannot be opened, or is no plain file.
    public init?(path: String, range: Range<Int64>? = nil) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            if descriptor >= 0 { _ = close(descriptor) }
            return nil
        }
        fileBytes = Int64(status.st_size)
        let kept = (range ?? 0..<fileBytes).clamped(to: 0..<fileBytes)
        (start, count) = (kept.lowerBound, Int64(kept.count))
    }

    deinit { _ = close(descriptor) }

    /// Any thread; returns at once. The piece that begins `offset` bytes into the stretch, at most `pieceBytes` of it;
    /// empty when the file has become shorter or cannot be read.
    func read(at offset: Int64, then: @escaping @Sendable ([UInt8]) -> Void) {
        Self.queue.async { [self] in
            let wanted = Int(min(count - offset, Int64(Self.pieceBytes)))
            guard wanted > 0 else { return then([]) }
            then(
                unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
                    filled = max(0, unsafe pread(descriptor, buffer.baseAddress, wanted, off_t(start + offset)))
                })
        }
    }
}
