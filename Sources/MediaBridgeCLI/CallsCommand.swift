import ArgumentParser
import Configuration
import TurnStore

/// Which turn store a reading command looks into.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .long, help: "The turn store's SQLite file. Default: the configuration's, else ./media-bridge.sqlite.")
    var store: String?
    @Option(name: .long, help: "Configuration file whose store to read.")
    var config: String?

    func path() throws -> String { try store ?? loadConfiguration(config).storePath }

    func open() throws -> TurnStoreReader {
        let path = try path()
        do throws(StoreError) { return try TurnStore.openReadOnly(path) } catch { throw CommandFailure("\(error)") }
    }

    /// The one call whose id is `prefix` or begins with it.
    func find(_ prefix: String, in reader: TurnStoreReader) throws -> StoredCall {
        if let exact = try reader.call(prefix) { return exact }
        let matches = try reader.calls(limit: 1_000).filter { $0.id.hasPrefix(prefix) }
        guard matches.count < 2 else {
            throw CommandFailure("\(matches.count) calls begin with \(prefix): give more of the id")
        }
        guard let match = matches.first, let call = try reader.call(match.id) else {
            throw CommandFailure("no call \(prefix) in the store (media-bridge calls lists them)")
        }
        return call
    }
}

struct CallsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calls", abstract: "List calls from the turn store, newest first; also while the service runs.")

    @OptionGroup var source: StoreOptions
    @Option(help: "How many.") var limit = 20
    @Option(help: "Only this tenant's.") var tenant: String?
    @Flag(help: "One JSON array instead of a table.") var json = false

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit: \(limit), expected at least 1") }
    }

    func run() throws {
        let calls = try source.open().calls(limit: limit, tenant: tenant)
        if json { return try printJSON(calls) }
        guard !calls.isEmpty else { return print("no calls yet") }
        let rows = calls.map { call in
            [
                localTime(call.startedAtUnixMilliseconds), call.id, call.tenant, call.direction,
                call.endedAtUnixMilliseconds.map { inSeconds($0 - call.startedAtUnixMilliseconds) } ?? "running",
                "\(call.turnCount)", call.endReason ?? "",
            ]
        }
        print(table(["started", "call", "tenant", "direction", "length", "turns", "ended"], rows))
    }
}
