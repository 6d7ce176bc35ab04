import ArgumentParser
import Configuration
import Foundation
import TurnStore

struct EraseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Remove a person: their calls, what was said, recordings, journals, numbers.",
        discussion: """
            Removes from the store every row of the calls with that number (or of that one call) and of the legs dialled \
            from them, and from the directories of recordings and journals their files; overwrites what it frees, empties \
            the log, and then searches the bytes of every file for the number and the calls' ids. May run while the service \
            does. A call that is still up is refused. One row says that an erasure happened, not whose.

            Bytes that the file system itself has freed, copies and backups are out of its reach.

            Exit status: 0 when nothing was found afterwards, 1 when something was (it is named) or the store cannot be \
            used, 2 when the configuration or an argument is wrong.

            Examples:
              media-bridge erase --config media-bridge.yaml --number +15005550142 --dry-run
              media-bridge erase --config media-bridge.yaml --number +15005550142 --yes
              media-bridge erase --config media-bridge.yaml --call CA0123 --yes --json | jq .places
            """)

    @Option(name: .long, help: "The person's number, as the carrier writes it.") var number: String?
    @Option(name: .long, help: "One call's id.") var call: String?
    @Option(name: .long, help: "Configuration file whose store and directories are meant.") var config: String?
    @Flag(name: .long, help: "Say what would be removed, and remove nothing.") var dryRun = false
    @Flag(name: .long, help: "Do it without asking.") var yes = false
    @Flag(help: "JSON instead of text.") var json = false

    func validate() throws {
        if (number == nil) == (call == nil) { throw ValidationError("--number and --call: give one of them") }
        if let number, !number.hasPrefix("+") || !number.dropFirst().allSatisfy(\.isNumber) || number.count < 8 {
            throw ValidationError("--number: `+` and at least 7 digits were expected, for example +15005550142")
        }
        if let call, call.isEmpty { throw ValidationError("--call: an id was expected") }
        if json, !yes, !dryRun { throw ValidationError("--json asks nobody: give --yes or --dry-run with it") }
    }

    func run() throws {
        let configuration = try loadConfiguration(config)
        if let number, let tenant = configuration.tenants.first(where: { $0.numbers.contains(number) }) {
            throw CommandFailure("--number: that is tenant \(tenant.id)'s own number; every caller of theirs would go")
        }
        let subject: Erasure.Subject = number.map { .number($0) } ?? .call(call ?? "")
        let erasure = Erasure(
            subject, path: configuration.storePath, spoolPath: configuration.spoolPath,
            directories: [configuration.recordingDirectory, configuration.journals.directory])
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        do throws(StoreError) {
            if !dryRun, !yes {
                show(try erasure.run(isDryRun: true, now: now))
                print("remove all of it for good? Type yes: ", terminator: "")
                guard readLine() == "yes" else {
                    print("nothing was removed")
                    return
                }
            }
            let report = try erasure.run(isDryRun: dryRun, now: now)
            if json { try? printJSON(report) } else { show(report) }
            if !report.isComplete { throw StoreError.notErased }
        } catch { throw CommandFailure("\(error)") }
    }

    private func show(_ report: Erasure.Report) {
        print("\(report.calls.count) call(s)")
        for call in report.calls { print("  \(call)") }
        let rows = report.places.map { [$0.place, "\($0.found)", "\($0.removed)"] }
        if !rows.isEmpty { print(table(["place", "found", "removed"], rows)) }
        if report.isDryRun { return print("nothing was removed") }
        for path in report.remaining { print("STILL IN  \(path)") }
        print(
            "searched the bytes of \(report.searched.count) file(s): \(report.remaining.isEmpty ? "nothing left" : "see above")"
        )
    }
}
