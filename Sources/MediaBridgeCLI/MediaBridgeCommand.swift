public import ArgumentParser
import Configuration
import MediaBridge

/// The whole command. A program that plugs stages of its own in adds them to `Stages` and then runs `launch`.
public struct MediaBridgeCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
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
            StagesCommand.self, CheckStageCommand.self, EvaluateCommand.self, StageHostCommand.self,
            DialCommand.self, HangUpCommand.self,
            SimulateCommand.self, DatabaseCommand.self, JobsCommand.self, TenantsCommand.self, EraseCommand.self,
            EventsCommand.self, TopCommand.self,
        ])

    public init() {}

    /// Not called `main`: a file of top-level code that sees ArgumentParser would find the library's own, which waits for
    /// nothing.
    public static func launch() async {
        printLineByLine()
        ServiceStages.register()
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
