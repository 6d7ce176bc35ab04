import Foundation
import GRDB
import Glibc

/// The database that is open now. The writer thread may open another one in its place, when the file's name no longer
/// leads to it; everybody else asks each time.
final class StoreHandle: Sendable {
    private struct Current {
        var database: DatabasePool
        var file: UInt64?
        /// Inodes of `-wal` and `-shm`: should they outlive their file they must not be taken for another's.
        var companions: [UInt64]
    }

    let path: String
    private let options: TurnStoreOptions
    private let current: Guarded<Current>

    init(path: String, options: TurnStoreOptions) throws(StoreError) {
        (self.path, self.options) = (path, options)
        current = Guarded(try Self.open(path, options))
    }

    var database: DatabasePool { current.withLock { $0.database } }

    /// Any thread. Looks at the file's name.
    var isMoved: Bool { OpeningStore.fileNumber(of: path) != current.withLock { $0.file } }

    /// Writer thread. Where there is no file any more, everything that was in it is written there again, from the one that
    /// is still open. Where there is another one, that one is used: an operator has put it there.
    /// - Returns: whether the old contents were written there.
    func reopen() throws -> Bool {
        let old = current.withLock { $0 }
        let isMissing = OpeningStore.fileNumber(of: path) == nil
        let copy = path + ".restoring"
        var isRestored = false
        if isMissing {
            unsafe unlink(copy)
            do {
                try old.database.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
                isRestored = true
            } catch let error as DatabaseError where Self.isUnreadable(error) {
                // Nothing can be had from it: a new file is better than none.
                unsafe unlink(copy)
            }
        }
        // A log of the old file would be played into the new one.
        for name in ["-wal", "-shm"] {
            guard let number = OpeningStore.fileNumber(of: path + name) else { continue }
            if isMissing || old.companions.contains(number) { unsafe unlink(path + name) }
        }
        if isRestored {
            unsafe chmod(copy, 0o600)
            guard unsafe rename(copy, path) == 0 else {
                throw StoreError(.cannotWrite, "turn store \(path): cannot be made")
            }
        }
        let new = try Self.open(path, options)
        current.withLock { $0 = new }
        return isRestored
    }

    private static func isUnreadable(_ error: DatabaseError) -> Bool {
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_IOERR: true
        default: false
        }
    }

    private static func open(_ path: String, _ options: TurnStoreOptions) throws(StoreError) -> Current {
        let database = try OpeningStore.readWrite(path, options: options)
        return Current(
            database: database, file: OpeningStore.fileNumber(of: path),
            companions: ["-wal", "-shm"].compactMap { OpeningStore.fileNumber(of: path + $0) })
    }
}
