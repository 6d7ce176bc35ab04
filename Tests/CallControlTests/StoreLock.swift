import GRDB

/// Another connection that holds the database's write lock.
final class StoreLock {
    private let database: DatabaseQueue

    init(_ path: String) throws {
        var configuration = GRDB.Configuration()
        configuration.allowsUnsafeTransactions = true
        database = try DatabaseQueue(path: path, configuration: configuration)
        try database.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
    }

    func release() throws { try database.inDatabase { try $0.execute(sql: "ROLLBACK") } }
}
