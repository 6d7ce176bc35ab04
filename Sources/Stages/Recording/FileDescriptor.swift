import Glibc

/// Owns one open file, from `init` to `deinit`.
struct FileDescriptor: ~Copyable {
    private let number: CInt
    private let path: String

    enum Mode { case read, create }

    init(path: String, _ mode: Mode) throws(RecordingError) {
        let flags = mode == .read ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC
        number = unsafe Glibc.open(path, flags, 0o644)
        self.path = path
        if number < 0 { throw Self.failure(mode == .read ? "cannot read" : "cannot write", path) }
    }

    deinit { if number >= 0 { _ = Glibc.close(number) } }

    /// The whole file.
    func readAll() throws(RecordingError) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe Glibc.read(number, &block, block.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("cannot read", path)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: block[..<count])
        }
    }

    /// Appends `bytes`, or puts them at `offset`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) throws(RecordingError) {
        guard let base = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count =
                if let offset {
                    unsafe pwrite(number, base + done, bytes.count - done, off_t(offset + done))
                } else {
                    unsafe Glibc.write(number, base + done, bytes.count - done)
                }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("cannot write", path)
            }
            done += count
        }
    }

    private static func failure(_ what: String, _ path: String) -> RecordingError {
        let reason = unsafe String(cString: strerror(errno))
        return RecordingError(.file, "\(what) \(path): \(reason)")
    }
}
