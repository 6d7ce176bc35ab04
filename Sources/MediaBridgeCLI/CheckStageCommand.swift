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
            what its windows take, memory of a call, and how right it is.

              media-bridge check-stage energy telephone --html detectors.html
              media-bridge check-stage mine --config media-bridge.yaml
              media-bridge check-stage ./mine.so --record mine.record    # then: inline: true, record: mine.record

              media-bridge check-stage pocketsphinx

            Recognisers hear recordings of known words, in the time these take: word errors, the time to the first partial and to \
            the final result, and what part of a core a call takes.

            A library that is checked for `inline` is loaded into a process made for it: a crash is a finding, and stands in \
            the table, --json and --html like others.

            Exit status: 0 when all rules are kept; 1 when one is broken: what crashes, hangs or does not come up breaks one; \
            2 when there was nothing to check: a name that is not known, a file or folder that does not fit; 64 for a command \
            line that is none.
            """)

    @Argument(help: "Names of `media-bridge stages`, or a shared object's path.") var names: [String]
    @Option(help: "The YAML file whose own stages can be named.") var config: String?
    @Option(help: "NAME=VALUE, for a library or an engine. May be repeated.") var option: [String] = []
    @Option(help: "Recorded words: a folder of WAV files of 8 kHz, mono, 16 bits.") var speech = RecordedPrompts.folder
    @Flag(help: "A minute of hold and fewer words.") var quick = false
    @Option(help: "For one library: write the record that `inline: true` asks for.") var record: String?
    @Flag(help: "One JSON array instead of tables.") var json = false
    @Option(help: "Write a page with plots here.") var html: String?
    /// The process made for one library: which of the names it is, and the file for what it finds.
    @Option(help: .hidden) var hearAlone: Int?
    @Option(help: .hidden) var findings: String?

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
        do { try check() } catch let failure as CommandFailure {
            // What could not be checked has broken no rule.
            if let findings { return try StageFindings.refused(failure.description).write(to: findings) }
            complain("Error: \(failure.description)")
            throw ExitCode(2)
        }
    }

    private func check() throws {
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
        for settings in settings { try Self.find(settings) }
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
        // Made when somebody is there to hear them.
        lazy var golden = GoldenCalls(speech: prompts, holdSeconds: holdSeconds, utterances: quick ? 4 : 12)
        if let hearAlone, let findings {
            guard settings.indices.contains(hearAlone) else { throw CommandFailure("no such name: \(hearAlone)") }
            return try hear(alone: settings[hearAlone], { golden }, findings)
        }
        // What an earlier check found must not outlive this one, however this one ends.
        if let record { try? FileManager.default.removeItem(atPath: record) }
        let digest = Self.library(settings[0]).flatMap { StageRecord.digest(of: $0) }
        let reports = try settings.indices.map { place in
            Self.loadsHere(settings[place])
                ? try checkApart(settings[place], place) : try checked(settings[place], { golden }) { complain($0) }
        }
        try show(reports)
        if let record, let library = Self.library(settings[0]), let digest {
            guard StageRecord.digest(of: library) == digest else {
                throw CommandFailure("--record: \(library) is another file than the one that was checked")
            }
            try write(record, digest, settings[0], reports[0])
        }
        if !reports.allSatisfy({ $0.passed }) { throw ExitCode(1) }
    }

    var holdSeconds: Int { quick ? 60 : 600 }

    /// - Parameter progress: one line for each part, before it.
    /// - Throws: an engine or a library that cannot be had. A program that does not come up has broken a rule.
    func checked(
        _ settings: PlugInSettings, _ golden: () -> GoldenCalls, _ progress: (String) -> Void
    ) throws -> ConformanceReport {
        let stage: OfflineDetectors.Stage
        do throws(StageFault) { stage = try OfflineDetectors.stage(settings, trustsLibraries: true) } catch {
            switch settings.door {
            case .engine, .library(_, isInline: true): throw CommandFailure("\(settings.name): \(error)")
            default: return ConformanceReport(settings.name, lost: .starts, error.description)
            }
        }
        return DetectorCheck(
            settings.name, stage, golden(), timeoutMilliseconds: settings.timeoutMilliseconds
        ).run(progress: progress)
    }

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

    private static func loadsHere(_ settings: PlugInSettings) -> Bool {
        if case .library(_, isInline: true) = settings.door { true } else { false }
    }

    private static func library(_ settings: PlugInSettings) -> String? {
        if case .library(let path, _) = settings.door { path } else { nil }
    }

    /// A file that is not there, or is none of its kind, is no plug-in that went wrong.
    private static func find(_ settings: PlugInSettings) throws {
        if case .program(let command) = settings.door { try find(program: command[0], of: settings.name) }
        guard let path = library(settings) else { return }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure("\(settings.name): library \(path) cannot be read")
        }
        guard try file.read(upToCount: 4) == Data([0x7F, 0x45, 0x4C, 0x46]) else {
            throw CommandFailure("\(settings.name): library \(path) cannot be loaded: it is no shared object")
        }
    }

    static func find(program: String, of name: String) throws {
        let folders =
            program.contains("/")
            ? [""]
            : (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
                .map { "\($0)/" }
        guard folders.contains(where: { FileManager.default.isExecutableFile(atPath: $0 + program) }) else {
            throw CommandFailure("\(name): `\(program)` is no program that can be started")
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

    private func write(
        _ path: String, _ digest: String, _ settings: PlugInSettings, _ report: ConformanceReport
    ) throws {
        let entry = StageRecord(
            name: report.name, sha256: digest, options: settings.options, passed: report.passed,
            checkedAt: Date().ISO8601Format())
        do { try Data(try prettyJSON(entry).utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw CommandFailure("--record: cannot write \(path)")
        }
        complain(report.passed ? "record written to \(path)" : "record written to \(path): not passed")
    }
}
