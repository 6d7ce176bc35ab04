import ArgumentParser
import AudioPipeline
import Configuration
import Foundation
import Glibc
import LabelledCalls
import PlugIns
import StageConformance
import VAD

struct CheckStageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-stage", abstract: "Check detectors and recognisers: contract, cost, accuracy.",
        discussion: """
            Each detector hears the same golden calls: recorded words on quiet, noisy, clipped and offset lines, tones, clicks, \
            keys, noise, ten minutes of music on hold. What is reported: rules of the role that it breaks (answers that are \
            none, other answers after a reset or beside another call, allocations and waits on the frame path, too late), \
            what its windows take, memory of a call, and how right it is. Exit status 1 when a rule is broken.

              media-bridge check-stage energy telephone --html detectors.html
              media-bridge check-stage mine --config media-bridge.yaml
              media-bridge check-stage ./mine.so --record mine.record    # then: inline: true, record: mine.record

              media-bridge check-stage pocketsphinx

            Recognisers hear recordings of known words, in the time these take: word errors, the time to the first partial and to \
            the final result, and what part of a core a call takes.

            A library that is checked for `inline` is loaded into a process made for it: a crash is a finding.
            """)

    @Argument(help: "Names of `media-bridge stages`, or a shared object's path.") var names: [String]
    @Option(help: "The YAML file whose own stages can be named.") var config: String?
    @Option(help: "NAME=VALUE, for a library or an engine. May be repeated.") var option: [String] = []
    @Option(help: "Recorded words: a folder of WAV files of 8 kHz, mono, 16 bits.") var speech = RecordedPrompts.folder
    @Flag(help: "A minute of hold and fewer words.") var quick = false
    @Option(help: "For one library: write the record that `inline: true` asks for.") var record: String?
    @Flag(help: "One JSON array instead of tables.") var json = false
    @Option(help: "Write a page with plots here.") var html: String?
    @Flag(help: .hidden) var inThisProcess = false

    func validate() throws {
        guard !names.isEmpty else { throw ValidationError("a name is missing: `media-bridge stages` lists them") }
        for (option, path) in [("--html", html), ("--record", record)] {
            guard let path else { continue }
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: folder) else {
                throw ValidationError("\(option): no folder to write into: \(folder)")
            }
        }
        if record != nil, names.count > 1 { throw ValidationError("--record is for one library, not \(names.count)") }
    }

    func run() throws {
        let configured = try config.map { try loadConfiguration($0).stages }
        let options = try namedOptions()
        let recognizers = names.filter { isRecognizer($0, configured) }
        if !recognizers.isEmpty {
            guard recognizers.count == names.count else {
                throw CommandFailure(
                    "detectors and recognisers are checked apart: `\(recognizers[0])` is a recogniser, others are not")
            }
            return try checkRecognizers(configured, options)
        }
        let settings = try names.map { try self.settings($0, options) }
        if record != nil, Self.library(settings[0]) == nil {
            throw CommandFailure(
                "--record: `\(names[0])` is no library; a record is what a library needs for `inline: true`")
        }
        if !inThisProcess, settings.contains(where: loadsHere) { return try runInChild() }
        let prompts: RecordedPrompts
        do { prompts = try RecordedPrompts(folder: speech) } catch {
            throw CommandFailure(
                "no recorded words: \(error). Install Debian's asterisk-core-sounds-en-wav, or name a folder with --speech"
            )
        }
        guard prompts.hasWords else {
            throw CommandFailure(
                "--speech \(speech): at least one file of 1 to 4 s and one of 9 s and more were expected")
        }
        let holdSeconds = quick ? 60 : 600
        let golden = GoldenCalls(speech: prompts, holdSeconds: holdSeconds, utterances: quick ? 4 : 12)
        let reports = try settings.map { settings -> ConformanceReport in
            do throws(StageFault) {
                let stage = try OfflineDetectors.stage(settings, trustsLibraries: true)
                return DetectorCheck(
                    settings.name, stage, golden, timeoutMilliseconds: settings.timeoutMilliseconds
                ).run { part in
                    // What is slower than the call is no use; what never returns would keep its process for ever.
                    if inThisProcess { alarm(UInt32(holdSeconds) + 60) }
                    complain(part)
                }
            } catch { throw CommandFailure("\(settings.name): \(error)") }
        }
        try show(reports)
        if let record, let library = Self.library(settings[0]) { try write(record, of: library, reports[0]) }
        let passed = reports.allSatisfy { $0.passed }
        if inThisProcess { throw ExitCode(passed ? Self.heardOutPassed : Self.heardOutBroken) }
        if !passed { throw ExitCode(1) }
    }

    /// How the process made for a library says that the check came to its end: an `exit` of the library's says neither.
    private static let (heardOutPassed, heardOutBroken): (Int32, Int32) = (97, 98)

    // MARK: Which

    private func namedOptions() throws -> [String: String] {
        var options: [String: String] = [:]
        for text in option {
            guard let place = text.firstIndex(of: "="), place > text.startIndex else {
                throw ValidationError("--option `\(text)`: NAME=VALUE was expected")
            }
            options[String(text[..<place])] = String(text[text.index(after: place)...])
        }
        return options
    }

    private func settings(_ name: String, _ options: [String: String]) throws -> PlugInSettings {
        var found = try NamedDetector.settings(name, config: config)
        found.options.merge(options) { $1 }
        if record != nil, case .library(let path, _) = found.door { found.door = .library(path, isInline: true) }
        return found
    }

    private func loadsHere(_ settings: PlugInSettings) -> Bool {
        if case .library(_, isInline: true) = settings.door { true } else { false }
    }

    private static func library(_ settings: PlugInSettings) -> String? {
        if case .library(let path, _) = settings.door { path } else { nil }
    }

    /// The same command once more, so that what crashes is not the one who tells.
    private func runInChild() throws {
        // What an earlier check found must not outlive this one, however this one ends.
        if let record { try? FileManager.default.removeItem(atPath: record) }
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = CommandLine.arguments.dropFirst() + ["--in-this-process"]
        // The crash is the library's; where in this program it was called from says nothing to anybody.
        child.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        do { try child.run() } catch { throw CommandFailure("this program cannot be started again: \(error)") }
        child.waitUntilExit()
        if child.terminationReason == .uncaughtSignal, child.terminationStatus == SIGALRM {
            throw CommandFailure("\(names[0]): it did not come back: inline it would have stopped every call")
        }
        if child.terminationReason == .uncaughtSignal {
            throw CommandFailure(
                "\(names[0]): it crashed its process (signal \(child.terminationStatus)): inline it would have ended every call"
            )
        }
        switch child.terminationStatus {
        case Self.heardOutPassed: return
        case Self.heardOutBroken: throw ExitCode(1)
        // What the check itself has said already: a name, a folder, a library that cannot be loaded.
        case 1, 64: throw ExitCode(child.terminationStatus)
        case let status:
            throw CommandFailure(
                "\(names[0]): it ended its process in the check (status \(status)): inline it would have ended every call"
            )
        }
    }

    // MARK: What came of it

    private func show(_ reports: [ConformanceReport]) throws {
        if json {
            try printJSON(reports)
        } else {
            for report in reports {
                let text = DetectorText(report)
                print("\(text.title)\n\(text.verdict.joined(separator: "\n"))\n")
                print(table(DetectorText.costHead, [text.costRow]) + "\n")
                print(table(DetectorText.scoreHead, text.scoreRows))
                print("ROC area \(text.area)\n")
            }
            if reports.count > 1 {
                print(table(DetectorText.summaryHead, reports.map { DetectorText($0).summaryRow }))
            }
        }
        if let html { try write(DetectorPage(reports).html, to: html) }
    }

    func write(_ page: String, to path: String) throws {
        do { try page.write(toFile: path, atomically: true, encoding: .utf8) } catch {
            throw CommandFailure("--html: cannot write \(path)")
        }
    }

    private func write(_ path: String, of library: String, _ report: ConformanceReport) throws {
        guard let digest = StageRecord.digest(of: library) else { throw CommandFailure("\(library) cannot be read") }
        let entry = StageRecord(
            name: report.name, sha256: digest, passed: report.passed, checkedAt: Date().ISO8601Format())
        do { try Data(try prettyJSON(entry).utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw CommandFailure("--record: cannot write \(path)")
        }
        complain(report.passed ? "record written to \(path)" : "record written to \(path): not passed")
    }
}
