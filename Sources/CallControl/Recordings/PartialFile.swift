import Foundation
import Glibc

/// What of a recording has come so far: a file for its owner's eyes alone, under a name nobody serves, and beside it the
/// server's tag of what it is a part of, so that another try, or another process after a crash, can go on.
@safe final class PartialFile {
    let path: String
    private let descriptor: CInt
    private(set) var bytes: Int64
    /// A strong ETag; nil when the part belongs to nothing that could be named.
    private(set) var tag: String?
    private var isComplete = false

    private var tagPath: String { path + ".tag" }

    /// - Parameter base: without extension.
    init(base: String) throws(RecordingFailure) {
        path = base + ".partial"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .disk }
        bytes = Int64(lseek(descriptor, 0, SEEK_END))
        tag = (try? String(contentsOfFile: path + ".tag", encoding: .utf8)).flatMap(Self.strong)
        guard bytes >= 0 else { throw .disk }
        if tag == nil, bytes > 0 { try restart(tag: nil) }
    }

    deinit { _ = close(descriptor) }

    /// RFC 9110, 8.8.3: only a strong tag promises the same bytes.
    static func strong(_ text: String) -> String? {
        text.hasPrefix("\"") && text.hasSuffix("\"") && (3...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
    }

    /// From nothing, as a part of what `tag` names. The tag is on disk before the first byte it vouches for, and gone
    /// before the bytes it vouched for.
    func restart(tag: String?) throws(RecordingFailure) {
        unsafe unlink(tagPath)
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw .disk }
        (bytes, self.tag) = (0, tag.flatMap(Self.strong))
        guard let tag = self.tag else { return }
        do { try Data(tag.utf8).write(to: URL(fileURLWithPath: tagPath), options: .atomic) } catch { self.tag = nil }
    }

    func append(_ piece: ArraySlice<UInt8>) throws(RecordingFailure) {
        var rest = piece
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .disk }
            rest = rest.dropFirst(count)
            bytes += Int64(count)
        }
    }

    /// The first bytes, or the last.
    func bytes(at offset: Int64, count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset)))
        }
    }

    /// Lower-case hexadecimal SHA-256 of all of it.
    func digest() -> String? {
        let digest = Cryptography.RunningSHA256()
        var offset: Int64 = 0
        while offset < bytes {
            let piece = bytes(at: offset, count: Int(min(bytes - offset, 256 * 1024)))
            guard !piece.isEmpty else { return nil }
            digest.add(piece)
            offset += Int64(piece.count)
        }
        return digest.hexadecimal()
    }

    /// On disk, then under its own name, then that name on disk: whoever sees the name sees the whole file.
    func finish(as final: String) throws(RecordingFailure) {
        guard fsync(descriptor) == 0, unsafe rename(path, final) == 0 else { throw .disk }
        unsafe unlink(tagPath)
        let directory = unsafe open((final as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .disk }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw .disk }
    }

    /// Nil when there is no plain file of that name.
    static func size(of path: String) -> Int64? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    /// Nobody will go on with it.
    func discard() {
        unsafe unlink(tagPath)
        unsafe unlink(path)
    }
}
