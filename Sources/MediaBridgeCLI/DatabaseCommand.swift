import ArgumentParser
import Configuration
import Foundation
import TurnStore

struct DatabaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Look after the turn store's file.", subcommands: [Check.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the turn store: is the file sound, is every row as it must be, and what to do if not.",
            discussion: """
                Reads only, and may run while the service does. Looks at SQLite's own integrity_check and foreign_key_check, \
                the schema's version, every table, index and guard, the words in every column that has a fixed list of them, \
                rows whose call is missing, work that was given up, and files that are gone.

                Exit status: 0 when the file is sound (notes may follow), 1 when there is a problem or the file cannot be \
                opened.

                Examples:
                  media-bridge db check --config media-bridge.yaml
                  media-bridge db check --path /var/lib/media-bridge/media-bridge.sqlite --json | jq .findings
                """)

        @Option(name: .long, help: "The SQLite file. Default: the configuration's, else ./media-bridge.sqlite.")
        var path: String?
        @Option(name: .long, help: "Configuration file whose store to check.") var config: String?
        @Flag(help: "JSON instead of text.") var json = false

        func validate() throws {
            if path != nil, config != nil { throw ValidationError("--path and --config: give one of them") }
        }

        func run() throws {
            let path = try path ?? loadConfiguration(config).storePath
            let check: StoreCheck
            do throws(StoreError) {
                check = try StoreCheck(path: path, now: Int64(Date().timeIntervalSince1970 * 1_000))
            } catch { throw CommandFailure("\(error)") }
            if json { try printJSON(check) } else { show(check) }
            if !check.isSound { throw ExitCode(1) }
        }

        private func show(_ check: StoreCheck) {
            print("\(check.path): schema \(check.schemaVersion) of \(check.knownVersion)")
            let rows = check.rows.sorted { $0.key < $1.key }.map { [$0.key, "\($0.value)"] }
            print(table(["table", "rows"], rows))
            for finding in check.findings {
                print(
                    "\(finding.severity == .problem ? "PROBLEM" : "note")  \(finding.what)\n         \(finding.advice)")
            }
            print(check.isSound ? "sound" : "not sound")
        }
    }
}
