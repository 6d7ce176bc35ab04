import ArgumentParser
import AudioPipeline
import Configuration
import Foundation
import PlugIns
import StageConformance

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Let voice detectors hear yesterday's calls, side by side.",
        discussion: """
            Over recordings (WAV or Ogg Opus: the caller alone, or left, with the agent right) and journals that keep audio \
            (`journal: audio`). Nobody knows what was said in them: the table shows how much each detector takes for speech, \
            how many stretches would count as utterances, how many of those began while the agent was heard (the caller \
            interrupts, or the agent's echo does), and how often a detector decides as the first one named. The page draws \
            them over each other. What is right and wrong, `media-bridge check-stage` says, over calls of known content.

              media-bridge evaluate --vad energy,telephone --calls recordings/ --html compared.html
              media-bridge evaluate --vad energy,mine --config media-bridge.yaml --calls journals/*.journal
            """)

    @Option(help: "Names of `media-bridge stages`, separated by commas; the first is what others are compared with.")
    var vad: String
    @Option(parsing: .upToNextOption, help: "Recordings, journals, and folders of them.") var calls: [String] = []
    @Option(help: "The YAML file whose own stages can be named.") var config: String?
    @Flag(help: "One JSON object instead of a table.") var json = false
    @Option(help: "Write a page with plots here.") var html: String?

    func validate() throws {
        guard !calls.isEmpty else {
            throw ValidationError("--calls: recordings, journals or folders of them were expected")
        }
        guard !names.isEmpty else { throw ValidationError("--vad: names separated by commas were expected") }
        guard let html else { return }
        let folder = URL(fileURLWithPath: html).deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw ValidationError("--html: no folder to write into: \(folder)")
        }
    }

    private var names: [String] { vad.split(separator: ",").map { String($0) } }

    func run() throws {
        let settings = try names.map { try NamedDetector.settings($0, config: config) }
        let files = try files(in: calls)
        guard !files.isEmpty else {
            throw CommandFailure(
                "--calls: nothing to hear in \(calls.joined(separator: ", ")); files ending in \(RecordedCall.endings.joined(separator: ", ")) were expected"
            )
        }
        let stages: [OfflineDetectors.Stage]
        do { stages = try settings.map { try OfflineDetectors.stage($0) } } catch {
            throw CommandFailure("--vad: \(error)")
        }
        var comparison = DetectorComparison(names)
        var skipped: [String] = []
        for (number, file) in files.enumerated() {
            complain("\(number + 1) of \(files.count): \(file)")
            do throws(StageFault) { comparison.add(try RecordedCall(file), stages) } catch {
                skipped.append("\(error)")
                complain("skipped: \(error)")
            }
        }
        guard !comparison.calls.isEmpty else { throw CommandFailure("--calls: \(skipped[0])") }
        if json { try printJSON(comparison) } else { print(table(DetectorComparison.head, comparison.rows)) }
        if !skipped.isEmpty { complain("\(skipped.count) of \(files.count) files could not be heard") }
        guard let html else { return }
        do { try ComparisonPage(comparison).html.write(toFile: html, atomically: true, encoding: .utf8) } catch {
            throw CommandFailure("--html: cannot write \(html)")
        }
    }

    /// Folders give what is in them and below, sorted; what was named by itself stays as it is.
    private func files(in paths: [String]) throws -> [String] {
        var files: [String] = []
        for path in paths {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandFailure("--calls: no such file or folder: \(path)")
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                files.append(path)
                continue
            }
            let inside = names.sorted().map { "\(path)/\($0)" }
            files += inside.filter { file in
                RecordedCall.endings.contains(URL(fileURLWithPath: file).pathExtension.lowercased())
            }
            // Recordings of many days lie in folders of theirs.
            files += try inside.flatMap { inner in
                (try? FileManager.default.contentsOfDirectory(atPath: inner)) == nil ? [] : try self.files(in: [inner])
            }
        }
        return files
    }
}
