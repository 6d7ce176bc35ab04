public import ArgumentParser
public import CallExport
import Foundation
import Recording
import TurnStore

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Hand a call on: as JSON, text, subtitles or one HTML page.",
        discussion: """
            The page shows the waveform of both voices, who said what and when, interruptions, holes, and where the time \
            before each answer went. It needs nothing else and asks for nothing over the network; with --audio the \
            recording is inside it, to be played from any turn.

              media-bridge export CA0123 --format html --audio --out call.html
              media-bridge export CA0123 --format vtt > call.vtt
            """)

    @Argument(help: "The call's id, or the beginning of it.") var call: String
    @Option(help: "json, txt, vtt or html.") var format = ExportFormat.txt
    @Option(name: .shortAndLong, help: "File to write, for its owner's eyes alone. Default: standard output.")
    var out: String?
    @Flag(help: "Put the recording into the page (html only).") var audio = false
    @OptionGroup var source: StoreOptions

    /// A page with more than this is no page any more.
    private static let maximumAudioBytes = 100 * 1_024 * 1_024

    func validate() throws {
        if audio, format != .html { throw ValidationError("--audio: only a page (--format html) can hold sound") }
    }

    func run() throws {
        let found = try source.find(call, in: try source.open())
        let text =
            switch format {
            case .json: try json(found)
            case .txt: CallText.text(of: found)
            case .vtt: WebVTT.text(of: found)
            case .html: CallPage(found, waveform: try waveform(found), audio: try sound(found)).html
            }
        guard let out else { return print(text, terminator: "") }
        try write(text, to: out)
    }

    /// Outline of the first recording that can be read. One that is missing or broken is told of, and left out.
    private func waveform(_ call: StoredCall) throws -> Waveform? {
        for path in call.recordings where path.hasSuffix(".wav") {
            do throws(RecordingError) { return Waveform(try WAVFile(path: path), for: call) } catch {
                complain("no waveform: \(error)")
            }
        }
        return nil
    }

    /// Ogg Opus first: a twentieth of the bytes.
    private func sound(_ call: StoredCall) throws -> CallPage.Audio? {
        guard audio else { return nil }
        let recordings = call.recordings.filter { FileManager.default.fileExists(atPath: $0) }
        guard let path = recordings.first(where: { $0.hasSuffix(".opus") }) ?? recordings.first else {
            throw CommandFailure("--audio: call \(call.id) has no recording")
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("--audio: \(path) cannot be read")
        }
        guard bytes.count <= Self.maximumAudioBytes else {
            throw CommandFailure(
                "--audio: \(path) has \(bytes.count) bytes, at most \(Self.maximumAudioBytes) fit into a page")
        }
        return .init(type: path.hasSuffix(".opus") ? "audio/ogg" : "audio/wav", bytes: Array(bytes))
    }

    private func json(_ call: StoredCall) throws -> String { try prettyJSON(call) + "\n" }

    private func write(_ text: String, to path: String) throws {
        let isMade = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isMade else { throw CommandFailure("--out: \(path) cannot be written") }
        // A file that was there before keeps its permissions otherwise.
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        complain("wrote \(path)")
    }
}

extension ExportFormat: ExpressibleByArgument {}
