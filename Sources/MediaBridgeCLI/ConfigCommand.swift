import ArgumentParser
import Configuration

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check a configuration, or print what will run.",
        subcommands: [Check.self, Print.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Read a configuration and name everything that is wrong with it: file, line, field. Exit 2 if so.",
            discussion: """
                The file and all files of its `tenantsDirectory` are read and checked against each other, as `serve` does \
                at start and on each edit. Nothing is opened and nothing is changed.
                """)
        @Option(name: .long, help: "The YAML file.") var config: String
        @Flag(help: "One JSON object: file, ok, tenants, problems.") var json = false

        func run() throws {
            guard json else {
                let configuration = try loadConfiguration(config)
                return print("\(config): ok, \(configuration.tenants.count) tenant(s)")
            }
            do throws(ConfigurationError) {
                let tenants = try ServiceConfiguration.load(file: config).tenants.map(\.id)
                try? printJSON(CheckedFile(file: config, ok: true, tenants: tenants, problems: []))
            } catch {
                try? printJSON(
                    CheckedFile(file: config, ok: false, tenants: [], problems: error.problems.map(FileProblem.init)))
                throw ExitCode(2)
            }
        }
    }

    struct Print: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the effective configuration, defaults included, secrets redacted.",
            discussion: """
                Tenants of `tenantsDirectory` are printed among the others. What is printed can be read again; secrets \
                stay the `${NAME}` they were taken from.
                """)
        @Option(name: .long, help: "The YAML file. Default: the embedded defaults.") var config: String?
        @Flag(help: "JSON instead of YAML.") var json = false

        func run() throws {
            let configuration = try loadConfiguration(config)
            if json { return print(configuration.effectiveJSON(redactingSecrets: true)) }
            print(configuration.effectiveYAML(redactingSecrets: true), terminator: "")
        }
    }
}

/// What `config check --json` prints.
private struct CheckedFile: Encodable {
    var file: String
    var ok: Bool
    var tenants: [String]
    var problems: [FileProblem]
}

private struct FileProblem: Encodable {
    var file: String
    var line: Int?
    var column: Int?
    var field: String
    var message: String

    init(_ problem: ConfigurationError.Problem) {
        (file, line, column) = (problem.file, problem.line, problem.column)
        (field, message) = (problem.field, problem.message)
    }
}

/// The file's configuration, or the embedded one. A file that is wrong ends the command with status 2.
func loadConfiguration(_ file: String?) throws -> ServiceConfiguration {
    guard let file else {
        do { return try .embeddedDefaults(measuredIn: ".") } catch { throw CommandFailure("\(error)") }
    }
    do throws(ConfigurationError) { return try ServiceConfiguration.load(file: file) } catch {
        complain("\(error)")
        throw ExitCode(2)
    }
}
