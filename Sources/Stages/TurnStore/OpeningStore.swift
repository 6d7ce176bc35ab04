import Foundation
import GRDB

/// Opens database files and says in one line why it could not.
enum OpeningStore {
    static func readWrite(_ path: String, options: TurnStoreOptions) throws(StoreError) -> DatabasePool {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isDirectory: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue
        else { throw StoreError(.directoryMissing, "turn store \(path): no directory \(directory)") }
        try refuseDirectory(path)

        var configuration = Configuration()
        configuration.busyMode = .timeout(Double(options.busyMilliseconds) / 1_000)
        configuration.label = "turn-store"
        do {
            let database = try DatabasePool(path: path, configuration: configuration)
            try refuseForeign(database, path)
            try Schema.migrator.migrate(database)
            // After opening: GRDB lowers it to NORMAL when it turns write-ahead logging on.
            try database.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                // What is deleted or overwritten leaves no bytes behind.
                _ = try Int.fetchOne(database, sql: "PRAGMA secure_delete = ON")
            }
            return database
        } catch {
            throw translate(error, path, "cannot be opened for writing")
        }
    }

    /// - Parameter anyVersion: also a file whose tables are not those that the readers expect.
    static func readOnly(_ path: String, anyVersion: Bool = false) throws(StoreError) -> DatabaseQueue {
        guard FileManager.default.fileExists(atPath: path) else {
            throw StoreError(.cannotOpen, "turn store \(path): no such file")
        }
        try refuseDirectory(path)
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        configuration.label = "turn-store-reader"
        do {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try refuseForeign(database, path, newerToo: !anyVersion)
            if !anyVersion, try !database.read(Schema.migrator.hasCompletedMigrations) {
                throw StoreError(
                    .olderDatabase,
                    "turn store \(path): made by an older version of media-bridge; the service brings it up to date when it "
                        + "starts")
            }
            return database
        } catch {
            throw translate(error, path, "cannot be opened for reading")
        }
    }

    /// The inode, which tells a file that was deleted or replaced from the one that was opened.
    static func fileNumber(of path: String) -> UInt64? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value
    }

    private static func refuseDirectory(_ path: String) throws(StoreError) {
        var isDirectory: ObjCBool = false
        if unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
            throw StoreError(.cannotOpen, "turn store \(path): is a directory, a file was expected")
        }
    }

    /// A database of something else is never written to, and one of a later version never guessed at.
    private static func refuseForeign(_ database: some DatabaseReader, _ path: String, newerToo: Bool = true) throws {
        try database.read { database in
            let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            let application = try Int32.fetchOne(database, sql: "PRAGMA application_id")
            if !tables.isEmpty, application != Schema.applicationID {
                throw StoreError(.foreignDatabase, "turn store \(path): a database of another program")
            }
            if newerToo, try Schema.migrator.hasBeenSuperseded(database) {
                throw StoreError(.newerDatabase, "turn store \(path): made by a newer version of media-bridge")
            }
        }
    }

    private static func translate(_ error: any Error, _ path: String, _ what: String) -> StoreError {
        if let error = error as? StoreError { return error }
        guard let error = error as? DatabaseError else { return StoreError(.cannotOpen, "turn store \(path): \(what)") }
        if error.resultCode == .SQLITE_NOTADB {
            return StoreError(.notADatabase, "turn store \(path): the file is not an SQLite database")
        }
        return StoreError(.cannotOpen, "turn store \(path): \(what): \(StoreWriter.describe(error))")
    }
}
