import Foundation
import Glibc

/// One download of a recording at a time on this host, whoever does it: `flock` on a file in the directory of
/// recordings. The kernel lets go of it when its process dies.
///
/// There are 64 lock files for all recordings, and they stay: a lock file that is removed can be locked twice.
@safe final class RecordingLock {
    private let descriptor: CInt

    /// - Returns: nil when somebody else had it all the time.
    static func take(
        _ name: String, in directory: String, waitingMilliseconds: Int
    ) throws(RecordingFailure) -> RecordingLock? {
        // FNV-1a, 64 bits: the same in every process.
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        let descriptor = unsafe open(
            "\(directory)/.lock-\(hash % 64)", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .disk }
        let lock = RecordingLock(descriptor)
        let deadline = MediaConnection.now + UInt64(waitingMilliseconds) * 1_000_000
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .disk }
            guard MediaConnection.now < deadline else { return nil }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return lock
    }

    private init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { _ = close(descriptor) }
}
