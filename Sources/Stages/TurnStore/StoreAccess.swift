import GRDB

/// The writer's connection for those who may wait for it: workers and command lines, never a loop thread.
struct StoreAccess: Sendable {
    let handle: StoreHandle
    private var path: String { handle.path }

    /// One immediate transaction, after whatever group the writer thread is committing.
    func write<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try handle.database.writeWithoutTransaction { database in
                var value: Value?
                try database.inTransaction(.immediate) {
                    value = try body(database)
                    return .commit
                }
                guard let value else { throw DatabaseError(message: "the transaction was not run") }
                return value
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.cannotWrite, "turn store \(path): cannot be written: \(StoreWriter.describe(error))")
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do { return try handle.database.read(body) } catch {
            throw StoreError(.cannotRead, "turn store \(path): cannot be read: \(StoreWriter.describe(error))")
        }
    }
}
