import ArgumentParser
import Foundation
import TurnStore

/// What operators' webhooks were told, are yet to be told, and could not be told.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "List events for operators' own webhooks, and send given-up ones again.",
        discussion: """
            Each event waits in the turn store until the tenant's webhook (`events:` in the configuration) has taken it. \
            One that fails is repeated with growing waits; when it is too old, or the webhook answers 410, it is dead and \
            stays for you to look at: the last column says why.

              media-bridge events                   the newest, whatever became of them
              media-bridge events --state dead      those that were given up
              media-bridge events --retry 17        send a dead one again; a running service takes it up at once

            Their words are not shown: `media-bridge show CALL` has them.
            """)

    @OptionGroup var source: StoreOptions
    @Option(help: "Only events in this state: waiting, delivered or dead.") var state: String?
    @Option(help: "How many.") var limit = 100
    @Option(help: "Send this dead event again, by its number.") var retry: Int64?
    @Flag(help: "One JSON array instead of a table.") var json = false

    func validate() throws {
        if let state, OutboxEntry.State(rawValue: state) == nil {
            let names = OutboxEntry.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--state: \(state), expected one of \(names)")
        }
        if limit < 1 { throw ValidationError("--limit: \(limit), expected at least 1") }
        if retry != nil, state != nil { throw ValidationError("--retry goes without --state") }
    }

    /// The shape of `--json`.
    struct Row: Encodable {
        var id: Int64
        var event: String
        var tenant: String
        var call: String?
        var key: String
        var state: String
        var attempts: Int
        var nextUnixMilliseconds: Int64?
        var changedAtUnixMilliseconds: Int64
        var lastError: String?

        init(_ entry: OutboxEntry) {
            (id, event, tenant) = (entry.id, entry.event.kind.rawValue, entry.event.tenant)
            (call, key, state) = (entry.event.call, entry.event.key, entry.state.rawValue)
            (attempts, lastError) = (entry.attempts, entry.lastError)
            nextUnixMilliseconds = entry.state == .waiting ? entry.nextUnixMilliseconds : nil
            changedAtUnixMilliseconds = entry.changedAtUnixMilliseconds
        }
    }

    func run() throws {
        // Reading first: a store that is none must not come to be by asking for it.
        let reader = try source.open()
        if let retry { return try revive(retry, source.path()) }
        let events = try reader.newestEvents(state: state.flatMap { OutboxEntry.State(rawValue: $0) }, limit: limit)
        if json { return try printJSON(events.map(Row.init)) }
        guard !events.isEmpty else { return print("no events") }
        let rows = events.map { entry in
            [
                "\(entry.id)", entry.event.kind.rawValue, entry.event.tenant, entry.event.call ?? "",
                entry.state.rawValue, "\(entry.attempts)", localTime(entry.changedAtUnixMilliseconds),
                entry.lastError ?? "",
            ]
        }
        print(table(["event", "kind", "tenant", "call", "state", "failed", "changed", "last error"], rows))
    }

    private func revive(_ id: Int64, _ path: String) throws {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let isRevived: Bool
        do throws(StoreError) { isRevived = try Outbox.retry(id: id, inFile: path, at: now) } catch {
            throw CommandFailure("\(error)")
        }
        guard isRevived else {
            throw CommandFailure("event \(id): no dead event of that number (media-bridge events --state dead)")
        }
        print("event \(id) waits again")
    }
}
