import ArgumentParser
import Foundation
import TurnStore

/// What the service still has to do, or has given up, after calls.
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List the work that follows calls: transcriptions and fetched recordings.",
        discussion: """
            Workers lease a job, try it, and give it back with a delay when it may go well later. What will not, or was \
            tried too often, is dead and stays for you to look at; its reason is the last column.

              media-bridge jobs                    all of them, oldest first
              media-bridge jobs --state dead       what was given up
              media-bridge jobs --retry 17         queue a dead job again; the running service takes it up at once
            """)

    @OptionGroup var source: StoreOptions
    @Option(help: "Only jobs in this state: queued, leased, done or dead.") var state: String?
    @Option(help: "How many.") var limit = 100
    @Option(help: "Queue this dead job again, by its number.") var retry: Int64?
    @Flag(help: "One JSON array instead of a table.") var json = false

    func validate() throws {
        if let state, Job.State(rawValue: state) == nil {
            let names = Job.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--state: \(state), expected one of \(names)")
        }
        if limit < 1 { throw ValidationError("--limit: \(limit), expected at least 1") }
        if retry != nil, state != nil { throw ValidationError("--retry: goes without --state") }
    }

    /// The shape of `--json`.
    struct Row: Encodable {
        var id: Int64
        var kind: String
        var call: String?
        var state: String
        var attempts: Int
        var notBeforeUnixMilliseconds: Int64
        var changedAtUnixMilliseconds: Int64
        var lastError: String?

        init(_ job: Job) {
            (id, kind, call, state) = (job.id, job.kind.rawValue, job.call, job.state.rawValue)
            (attempts, lastError) = (job.attempts, job.lastError)
            notBeforeUnixMilliseconds = job.notBeforeUnixMilliseconds
            changedAtUnixMilliseconds = job.changedAtUnixMilliseconds
        }
    }

    func run() throws {
        if let retry { return try revive(retry) }
        let jobs = try source.open().jobs(state: state.flatMap { Job.State(rawValue: $0) }, limit: limit)
        if json { return try printJSON(jobs.map { Row($0) }) }
        guard !jobs.isEmpty else { return print("no jobs") }
        let rows = jobs.map { job in
            [
                "\(job.id)", job.kind.rawValue, job.call ?? "", job.state.rawValue, "\(job.attempts)",
                localTime(job.changedAtUnixMilliseconds), job.lastError ?? "",
            ]
        }
        print(table(["job", "kind", "call", "state", "tries", "changed", "last error"], rows))
    }

    private func revive(_ id: Int64) throws {
        let path = try source.path()
        // Reading first: a store that is none must not come to be by asking for it.
        let reader = try source.open()
        guard let job = try reader.job(id) else {
            throw CommandFailure("--retry: no job \(id) (media-bridge jobs lists them)")
        }
        guard job.state == .dead else {
            throw CommandFailure("--retry: job \(id) is \(job.state.rawValue); only a dead one is queued again")
        }
        let isRevived: Bool
        do throws(StoreError) {
            let store = try TurnStore(path: path)
            defer { store.close() }
            isRevived = try store.jobs.revive(id: id, at: Int64(Date().timeIntervalSince1970 * 1_000))
        } catch { throw CommandFailure("\(error)") }
        guard isRevived else { throw CommandFailure("--retry: job \(id) is no longer dead") }
        if json {
            guard let job = try reader.job(id) else { return }
            return try printJSON([Row(job)])
        }
        print("job \(id) is queued again")
    }
}
