import ArgumentParser

struct StagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stages", abstract: "List the voice detectors and recognisers that are built in.")

    @Flag(help: "One JSON array instead of a table.") var json = false

    struct Entry: Encodable {
        var role: String
        var name: String
        var cost: String
        var about: String
    }

    static let builtIn = [
        Entry(
            role: "vad", name: "energy", cost: "inline", about: "adaptive energy, 8 kHz, no delay"),
        Entry(
            role: "vad", name: "energy-echo", cost: "inline",
            about: "energy, less what the echo of the agent explains; the one calls use"),
        Entry(role: "vad", name: "scripted", cost: "inline", about: "decisions from a script, for tests"),
        Entry(
            role: "stt", name: "pocketsphinx", cost: "worker",
            about: "whole utterances against a phrase grammar, 16 kHz, English"),
        Entry(role: "stt", name: "scripted", cost: "worker", about: "transcripts from a script, for tests"),
    ]

    func run() throws {
        if json { return try printJSON(Self.builtIn) }
        print(table(["role", "name", "cost", "about"], Self.builtIn.map { [$0.role, $0.name, $0.cost, $0.about] }))
    }
}
