import CallControl
import Foundation
import Glibc

/// What an engine has said of a channel so far, on disk before anything else happens: a worker that dies does not have
/// the same audio transcribed again. One line of JSON for each piece, synced; a last line cut short counts for nothing.
struct PartialTranscript {
    struct Piece: Codable, Equatable {
        /// Of the recording: another one's pieces are none of this.
        var sha256: String
        var start: Int64
        var end: Int64
        var heard: OfflineText
    }

    let path: String
    let sha256: String
    private(set) var pieces: [Piece] = []

    init(path: String, sha256: String) {
        (self.path, self.sha256) = (path, sha256)
        for line in (FileManager.default.contents(atPath: path) ?? Data()).split(separator: 0x0A) {
            guard let piece = try? JSONDecoder().decode(Piece.self, from: line), piece.sha256 == sha256 else { break }
            pieces.append(piece)
        }
    }

    func heard(from start: Int64, to end: Int64) -> OfflineText? {
        pieces.first { $0.start == start && $0.end == end }?.heard
    }

    /// Keeps a piece, for its owner's eyes alone.
    mutating func add(_ heard: OfflineText, from start: Int64, to end: Int64) throws(OfflineFailure) {
        pieces.append(Piece(sha256: sha256, start: start, end: end, heard: heard))
        // Written whole and renamed: whatever was cut short before is gone with it.
        var lines = Data()
        for piece in pieces {
            guard let line = try? JSONEncoder().encode(piece) else { throw .final("a piece cannot be written down") }
            lines.append(line)
            lines.append(0x0A)
        }
        let file = unsafe open(path + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure }
        let written = unsafe lines.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return true }
            var done = 0
            while done < bytes.count {
                let count = unsafe write(file, base + done, bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
        let isSafe = written && fsync(file) == 0
        _ = close(file)
        guard isSafe, unsafe rename(path + ".new", path) == 0 else { throw Self.failure }
    }

    /// The transcript is in the store.
    func remove() { _ = unsafe unlink(path) }

    private static var failure: OfflineFailure {
        .again("what was heard cannot be written down: \(unsafe String(cString: strerror(errno)))")
    }
}
