import ArgumentParser
import AudioPipeline
import Configuration
import PlugIns
import SpeechToText
import VAD

struct StagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stages", abstract: "List the voice detectors and recognisers that can be had by name.",
        discussion: """
            A tenant names its detector with `vad: NAME`. With --config, those that the file plugs in under `stages:` are \
            listed too. docs/PLUGINS.md says how to add one: in Swift, as a shared object in C, or as any program.
            """)

    @Option(help: "The YAML file whose own stages are listed too.") var config: String?
    @Flag(help: "One JSON array instead of a table.") var json = false

    struct Entry: Encodable {
        var role: String
        var name: String
        /// Where it comes from: built in, or the door of the configuration.
        var door: String
        var cost: String
        var options: [String]
        var about: String
    }

    func run() throws {
        var entries =
            Stages.detectors.entries.map {
                Entry(
                    role: "vad", name: $0.name, door: "engine", cost: $0.cost.rawValue, options: $0.options.map(\.name),
                    about: $0.about)
            }
            + Stages.recognizers.entries.map {
                Entry(
                    role: "stt", name: $0.name, door: "engine", cost: "worker", options: $0.options.map(\.name),
                    about: $0.about)
            }
        if let config {
            let stages = try loadConfiguration(config).stages
            entries += stages.detectors.map { Self.entry("vad", $0) } + stages.recognizers.map { Self.entry("stt", $0) }
        }
        if json { return try printJSON(entries) }
        print(
            table(
                ["role", "name", "door", "cost", "options", "about"],
                entries.map {
                    [
                        $0.role, $0.name, $0.door, $0.cost,
                        $0.options.isEmpty ? "-" : $0.options.joined(separator: ","), $0.about,
                    ]
                }))
    }

    private static func entry(_ role: String, _ settings: PlugInSettings) -> Entry {
        let (door, cost, about): (String, String, String) =
            switch settings.door {
            case .engine(let engine):
                ("engine", Stages.detectors[engine]?.cost.rawValue ?? "worker", "\(engine), with options of its own")
            case .program(let words): ("program", "worker", words.joined(separator: " "))
            case .library(let path, let isInline): ("library", isInline ? "inline" : "worker", path)
            case .server(let url): ("url", "worker", url)
            }
        return Entry(
            role: role, name: settings.name, door: door, cost: cost, options: settings.options.keys.sorted(),
            about: about)
    }
}
