import ArgumentParser

/// The transport by itself: a server that echoes and a client that speaks to one. Autobahn and SDK checks run against it.
@main struct TransportEchoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transport-echo",
        abstract: "Echoes WebSocket messages over the transport that media-bridge uses.",
        subcommands: [ServeCommand.self, ClientCommand.self], defaultSubcommand: ServeCommand.self)
}
