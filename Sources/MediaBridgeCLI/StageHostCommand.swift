import ArgumentParser
import AudioPipeline
import PlugIns

struct StageHostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage-host", abstract: "Hold a shared object in a process of its own.",
        discussion: """
            What the service starts for a `library` that is not `inline`: windows of audio come on standard input, decisions \
            go to standard output as JSON lines (docs/PLUGINS.md); what the library prints goes to standard error. By hand it shows whether a library can be loaded:

              media-bridge stage-host ./mine.so </dev/null
            """)

    @Argument(help: "The shared object, of media_bridge_stage.h.") var library: String
    @Option(help: "NAME=VALUE, for the library. May be repeated.") var option: [String] = []

    func run() throws {
        var options: [String: String] = [:]
        for text in option {
            guard let place = text.firstIndex(of: "="), place > text.startIndex else {
                throw ValidationError("--option `\(text)`: NAME=VALUE was expected")
            }
            options[String(text[..<place])] = String(text[text.index(after: place)...])
        }
        let streams = StageHost.Streams()
        do throws(StageFault) { try StageHost.run(SharedObject(library).factory(options), over: streams) } catch {
            throw CommandFailure(error.description)
        }
    }
}
