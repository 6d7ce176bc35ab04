import ArgumentParser
import Configuration
import Foundation
import LocalAgent
import MediaBridge

struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "The local Realtime agent alone: for trials and tests, not a product voice.",
        discussion: """
            Speaks the OpenAI Realtime protocol over WebSocket. pocketsphinx listens for the phrases of a script, flite \
            speaks English. Point any Realtime client at the address it prints.
            """)

    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    @Option(help: "Port; 0 takes a free one.") var port = 8090
    @Option(help: "Script of phrases and answers. Default: the built-in one.") var script: String?
    @Option(help: "Environment variable with the key that clients must send; none asks for no key.")
    var keyVariable: String?
    @Option(help: "How many times faster than real time audio is sent.") var pace = 5.0

    func validate() throws {
        if !(0...65_535).contains(port) { throw ValidationError("--port: \(port), expected 0 ... 65535") }
    }

    func run() async throws {
        let server: LocalAgentServer
        do {
            var asked = AgentConfiguration()
            asked.script = script
            var options = try LocalAgentOptions(asked)
            options.host = host
            options.port = port
            options.paceFactor = pace
            if let keyVariable {
                guard let key = ProcessInfo.processInfo.environment[keyVariable], !key.isEmpty else {
                    throw CommandFailure("--key-variable: \(keyVariable) is not set in the environment")
                }
                options.apiKey = key
            }
            server = try LocalAgentServer(options)
        } catch { throw CommandFailure("\(error)") }
        print("listening on \(server.url), Ctrl-C ends it")
        await untilInterrupted()
        server.stop()
    }
}
