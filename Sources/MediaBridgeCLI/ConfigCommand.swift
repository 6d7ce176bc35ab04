import ArgumentParser
import Configuration

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check a configuration, or print what will run.",
        subcommands: [Check.self, Print.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a configuration and name everything that is wrong with it: file, line, field. Exit 2 if so."
        )
        @Option(name: .long, help: "The YAML file.") var config: String

        func run() throws {
            let configuration = try loadConfiguration(config)
            print("\(config): ok, \(configuration.tenants.count) tenant(s)")
        }
    }

    struct Print: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the effective configuration, defaults included, secrets redacted.")
        @Option(name: .long, help: "The YAML file. Default: the embedded defaults.") var config: String?

        func run() throws { print(try loadConfiguration(config).effectiveYAML(redactingSecrets: true), terminator: "") }
    }
}

/// The file's configuration, or the embedded one. A file that is wrong ends the command with status 2.
func loadConfiguration(_ file: String?) throws -> ServiceConfiguration {
    guard let file else { return .embeddedDefaults() }
    do throws(ConfigurationError) { return try ServiceConfiguration.load(file: file) } catch {
        complain("\(error)")
        throw ExitCode(2)
    }
}
