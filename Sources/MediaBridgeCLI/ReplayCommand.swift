import ArgumentParser
import AudioPipeline
import CallJournal
import Conversation
import PlugIns
import VAD

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run a call's journal through the conversation again, and show what it decided and decides.",
        discussion: """
            A tenant with `journal: on` leaves one file for each call in `journals.directory`: every event of the carrier, \
            the model, the tools, the timers and the voice detector with its instant, and every action that followed. \
            This command gives the same events to the same core. Either all actions are the same, to the byte, or the \
            first that differs is shown, with the event that brought it: after a change of the program, where the change \
            begins to matter; without one, a fault.

              media-bridge replay FILE                      the call, line by line
              media-bridge replay FILE --quiet              the verdict alone
              media-bridge replay FILE --verbose --from 12  frames too, from there
              media-bridge replay FILE --vad telephone      another voice detector

            With `journal: audio` the file holds both sides' audio too, and --vad runs another detector over it: energy, \
            energy-echo (less the agent's echo: what calls use), scripted with --script, any of `media-bridge stages` and \
            any that --config plugs in, all these less the echo.

            Journals hold what people said: keep them as you keep recordings. Exit status: 0 identical as far as the \
            journal goes, 1 different or not readable.
            """)

    @Argument(help: "The journal.") var file: String
    @Option(
        help: "Show what this voice detector would have said: energy-echo, or a name of `media-bridge stages`.")
    var vad: String?
    @Option(help: "With --vad: a configuration, whose detectors can be named too.") var config: String?
    @Option(help: "For `--vad scripted`: one character for each frame of the caller's, S for speech.")
    var script: String?
    @Option(help: "Show nothing before this second of the call.") var from: Double?
    @Option(help: "Show nothing after this second of the call.") var to: Double?
    @Flag(help: "Show frames and marks too.") var verbose = false
    @Flag(help: "Only the verdict.") var quiet = false
    @Flag(help: "One JSON object instead of text.") var json = false

    func validate() throws {
        let names = ["energy-echo"] + Stages.detectors.entries.map(\.name)
        if let vad, config == nil, !vad.contains("/"), !names.contains(vad) {
            throw ValidationError("--vad: \(vad), expected \(names.joined(separator: ", ")) or one of --config")
        }
        if config != nil, vad == nil { throw ValidationError("--config belongs to --vad") }
        if script != nil, vad != "scripted" { throw ValidationError("--script belongs to --vad scripted") }
        if let from, let to, from > to { throw ValidationError("--from \(from) lies after --to \(to)") }
    }

    func run() throws {
        let journal: JournalFile
        do throws(JournalError) { journal = try JournalFile(path: file) } catch { throw CommandFailure("\(error)") }
        if let vad { return try show(try hear(journal, vad), name: vad) }
        if !json, !quiet { introduce(journal) }
        let result = Replay(journal).run { step in if !json, !quiet, isWanted(step) { show(step) } }
        if json { try printJSON(ReplayReport(journal, result)) } else { conclude(journal, result) }
        if result.difference != nil { throw ExitCode(1) }
    }

    // MARK: The call

    private func introduce(_ journal: JournalFile) {
        let header = journal.header
        print("call       \(header.call)   tenant \(header.tenant)   prompt \(header.prompt.hash)")
        print("started    \(localTime(header.startedAtUnixMilliseconds))")
        print("journal    \(journal.size) bytes\(header.keepsAudio ? ", with audio" : "")")
    }

    private func isWanted(_ step: ReplayStep) -> Bool {
        let seconds = Double(step.at.nanoseconds) / 1e9
        if let from, seconds < from { return false }
        if let to, seconds > to { return false }
        if case .event = step.record { return true }
        return verbose
    }

    private func show(_ step: ReplayStep) {
        let time = JournalText.seconds(step.at.nanoseconds).leftPadded(to: 11)
        if case .event = step.record {
            print("\(time)  \("#\(step.event)".rightPadded(to: 6))\(JournalText.describe(step.record))")
        } else {
            print("\(time)        \(JournalText.describe(step.record))")
        }
        for decision in step.replayed { print("                   -> \(JournalText.describe(decision))") }
    }

    private func conclude(_ journal: JournalFile, _ result: ReplayResult) {
        if let difference = result.difference {
            print("different: \(result.events) events were the same, then at", terminator: " ")
            print("\(JournalText.seconds(difference.at.nanoseconds)), event #\(difference.event):")
            print("  \(JournalText.describe(difference.record))")
            print("  the call did:        " + list(difference.recorded))
            print("  the program does:    " + list(difference.replayed))
            return
        }
        switch result.ending {
        case .complete: break
        case .broken: print("broken: the writer was too slow here, and the rest of the call is not in the journal")
        case .cut(let why): print("cut: the journal ends before the call does" + (why.map { ": \($0)" } ?? ""))
        }
        print(
            "identical: \(result.events) events, \(result.actions) actions, \(result.frames) frames sent,",
            "\(JournalText.seconds(result.length.nanoseconds)), sha256/\(result.digest)")
    }

    private func list(_ decisions: [CoreDecision]) -> String {
        decisions.isEmpty
            ? "nothing"
            : decisions.map(JournalText.describe).joined(separator: "\n" + String(repeating: " ", count: 23))
    }

    // MARK: Another detector

    private func hear(_ journal: JournalFile, _ name: String) throws -> DetectorRun {
        if let detector = JournalDetector(name: name, script: script ?? "") {
            do throws(JournalError) { return try DetectorRun(journal, detector) } catch {
                throw CommandFailure("\(error)")
            }
        }
        let settings = try NamedDetector.settings(name, config: config)
        let make: DetectorEntry.Factory
        do throws(StageFault) { make = try OfflineDetectors.factory(settings) } catch {
            throw CommandFailure("\(name): \(error)")
        }
        let run: DetectorRun
        do throws(JournalError) { run = try DetectorRun(journal, plugged: FrameDetector(make())) } catch {
            throw CommandFailure("\(error)")
        }
        guard run.unanswered == 0 else {
            throw CommandFailure("\(name): no probability for \(run.unanswered) of \(run.frames) frames")
        }
        return run
    }

    private func show(_ run: DetectorRun, name: String) throws {
        if json {
            return try printJSON(
                DetectorReport(
                    detector: name, frames: run.frames, call: run.ofCall.map(DetectorReport.Edge.init),
                    other: run.ofDetector.map(DetectorReport.Edge.init), sharedOnsets: run.sharedOnsets))
        }
        var rows: [[String]] = []
        var (left, right) = (run.ofCall[...], run.ofDetector[...])
        while let at = [left.first?.at, right.first?.at].compactMap({ $0 }).min() {
            // Edges of one frame stand beside each other; the call's own carries the time of its event, a little later.
            let limit = at.advanced(byMilliseconds: 10)
            let mine = left.first.flatMap { $0.at <= limit ? $0 : nil }
            let other = right.first.flatMap { $0.at <= limit ? $0 : nil }
            if mine != nil { left.removeFirst() }
            if other != nil { right.removeFirst() }
            let same = mine?.edge == other?.edge
            rows.append([
                JournalText.seconds(at.nanoseconds), mine.map { JournalText.describe($0.edge) } ?? "",
                other.map { JournalText.describe($0.edge) } ?? "", same ? "" : "<",
            ])
        }
        if !quiet { print(table(["time", "the call", name, ""], rows)) }
        let onsets = (run.ofCall.filter(\.isOnset).count, run.ofDetector.filter(\.isOnset).count)
        print(
            "onsets: \(onsets.0) in the call, \(onsets.1) by \(name), \(run.sharedOnsets) of them within 100 ms;",
            "\(run.frames) frames heard")
    }
}

/// What `replay --json` prints.
struct ReplayReport: Encodable {
    struct Difference: Encodable {
        var event: Int
        var atMilliseconds: Int64
        var what: String
        var recorded: [String]
        var replayed: [String]
    }
    var call: String
    var tenant: String
    var startedAtUnixMilliseconds: Int64
    var bytes: Int
    var identical: Bool
    var events: Int
    var actions: Int
    var framesSent: Int
    var milliseconds: Int64
    var sha256: String
    /// `complete`, `broken` or `cut`.
    var ending: String
    var damage: String?
    var difference: Difference?

    init(_ journal: JournalFile, _ result: ReplayResult) {
        (call, tenant) = (journal.header.call, journal.header.tenant)
        startedAtUnixMilliseconds = journal.header.startedAtUnixMilliseconds
        (bytes, identical) = (journal.size, result.difference == nil)
        (events, actions, framesSent) = (result.events, result.actions, result.frames)
        (milliseconds, sha256) = (result.length.milliseconds, result.digest)
        switch result.ending {
        case .complete: ending = "complete"
        case .broken: ending = "broken"
        case .cut(let why): (ending, damage) = ("cut", why)
        }
        difference = result.difference.map {
            Difference(
                event: $0.event, atMilliseconds: $0.at.milliseconds, what: JournalText.describe($0.record),
                recorded: $0.recorded.map(JournalText.describe), replayed: $0.replayed.map(JournalText.describe))
        }
    }
}

/// What `replay --vad --json` prints.
struct DetectorReport: Encodable {
    struct Edge: Encodable {
        var atMilliseconds: Int64
        var edge: String
        init(_ heard: HeardEdge) {
            (atMilliseconds, edge) = (heard.at.milliseconds, JournalText.describe(heard.edge))
        }
    }
    var detector: String
    var frames: Int
    var call: [Edge]
    var other: [Edge]
    var sharedOnsets: Int
}
