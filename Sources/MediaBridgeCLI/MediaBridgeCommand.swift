import ArgumentParser
import Configuration

@main struct MediaBridgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media-bridge",
        abstract: "Joins telephone calls to realtime speech models.",
        discussion: """
            Begin with `media-bridge demo`: a whole call on this machine, no account, no key. `media-bridge serve` runs the \
            service; without a configuration it serves loopback with the local agent.
            """,
        version: ServiceVersion.current,
        subcommands: [
            ServeCommand.self, DemoCommand.self, CallCommand.self, LoadCommand.self, AgentCommand.self,
            CallsCommand.self, BenchCommand.self,
            ShowCommand.self, ExportCommand.self, ReplayCommand.self, ConfigCommand.self, PromptCommand.self,
            StagesCommand.self,
            DialCommand.self, HangUpCommand.self,
            SimulateCommand.self, DatabaseCommand.self, JobsCommand.self, TenantsCommand.self, EraseCommand.self,
            EventsCommand.self, TopCommand.self,
        ])

    static func main() async {
        printLineByLine()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch { exit(withError: error) }
    }
}
