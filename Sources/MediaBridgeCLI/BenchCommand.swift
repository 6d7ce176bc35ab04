import ArgumentParser
import Configuration
import Foundation
import HostBench
import LoadGenerator
import Logging
import Telemetry

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure the frame budget of this host, or how many calls it carries.",
        discussion: """
            Runs the service in this process and `media-bridge load` in another, over real sockets on loopback and through \
            the signed voice webhook. Callers send every frame at its intended time, whatever comes back. Shown are \
            the times of each part of a frame's way and of whole ticks, who is to blame for late ones, the gaps callers \
            see, the way of a click there and back, processor time and memory of a call. The generator has the last \
            processor to itself. A run in which it was late is void, and exit status is 3.

              media-bridge bench --calls 200 --profile transcode
              media-bridge bench --calls 200 --html budget.html

            With --find-capacity the calls are raised until callers see gaps (p99.9 more than 5 ms over the audio in a \
            message, 25 ms at 20) or the service takes more than --core-limit of its processors; then the most that held is \
            narrowed down to 5 %, which takes some minutes, and written to capacity.json. `serve` takes it as its limit.

              media-bridge bench --find-capacity --profile passthrough --out /etc/media-bridge/capacity.json

            Profiles: passthrough (the model speaks mu-law), transcode (24 kHz, resampled both ways), batched (transcode, \
            with 100 ms in each message).
            """)

    @Option(help: "Calls at the same time, 1 ... 10,000.") var calls: Int?
    @Option(help: "passthrough, transcode or batched.") var profile = CapacityProfile.passthrough
    @Option(
        help: "The voice detector: energy-echo (energy, less the agent's echo), or a name of `media-bridge stages`.",
        transform: BenchDetector.named)
    var vad = BenchDetector.energyEcho
    @Flag(help: "TLS to the callers and to the model, with a certificate made for the run.") var tls = false
    @Option(help: "Seconds that are measured, 3 ... 3,600.") var seconds = 20.0
    @Option(help: "Seconds between the last call's begin and the measurement.") var warmUp = 5.0
    @Option(help: "New calls a second until all are up.") var rate = 100.0
    @Flag(help: "Print everything as JSON instead of tables.") var json = false
    @Option(help: "Write a page with plots here.") var html: String?
    @Flag(help: "Raise the calls until they no longer hold.") var findCapacity = false
    @Option(help: "With --find-capacity: where the result goes.") var out = CapacityFile.fileName
    @Option(help: "With --find-capacity: calls of the first run.") var from = 100
    @Option(help: "With --find-capacity: the share of its processors that the service may take, 0.1 ... 1.")
    var coreLimit = 0.8

    func validate() throws {
        func check(_ isRight: Bool, _ message: String) throws { if !isRight { throw ValidationError(message) } }
        let range = CapacityFile.callRange
        let expected = "\(range.lowerBound) ... \(range.upperBound) was expected"
        try check(calls.map(range.contains) ?? true, "--calls: \(calls ?? 0), \(expected)")
        try check(range.contains(from), "--from: \(from), \(expected)")
        try check(!findCapacity || calls == nil, "--find-capacity finds the number itself: it goes without --calls")
        try check(seconds >= 3 && seconds <= 3_600, "--seconds: \(seconds), 3 ... 3,600 was expected")
        try check(warmUp >= 0 && warmUp <= 3_600, "--warm-up: \(warmUp), 0 ... 3,600 s was expected")
        try check(rate > 0 && rate <= 10_000, "--rate: \(rate), more than 0 and at most 10,000 a second was expected")
        try check(coreLimit >= 0.1 && coreLimit <= 1, "--core-limit: \(coreLimit), 0.1 ... 1 was expected")
        for (option, path) in [("--html", html), ("--out", findCapacity ? out : nil)] {
            guard let path else { continue }
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try check(
                FileManager.default.isWritableFile(atPath: folder), "\(option): no folder to write into: \(folder)")
        }
    }

    func run() async throws {
        LineLogHandler.bootstrap(level: .error)
        do {
            if findCapacity { try await search() } else { try await measure() }
        } catch let failure as BenchFailure { throw CommandFailure(failure.description) }
    }

    private func plan(_ calls: Int) -> BenchPlan {
        BenchPlan(
            calls: calls, profile: profile, detector: vad, tls: tls, seconds: seconds, warmUpSeconds: warmUp,
            callsPerSecond: rate)
    }

    private func measure() async throws {
        let report = try await BenchRun(plan: plan(calls ?? 100), progress: { complain($0) }).run()
        if json {
            print(String(decoding: try report.encoded(), as: UTF8.self))
        } else {
            let text = BenchText(report)
            print("\(text.place)\n\(text.title)\n")
            for shown in [text.stages, text.callers] { print(table(shown.head, shown.rows) + "\n") }
            print(text.lines.joined(separator: "\n"))
        }
        try writePage(BenchPage(report))
        if report.load.isVoid { throw ExitCode(3) }
    }

    private func search() async throws {
        let found = try await CapacityRun(first: from, level: ServiceLevel(coreLimit: coreLimit), plan: plan).run()
        if json { print(String(decoding: try found.encoded(), as: UTF8.self)) }
        try writePage(BenchPage(found))
        let capacity = found.capacity
        guard capacity.calls > 0 else {
            throw CommandFailure("not one call held: \(capacity.limitedBy); nothing was written to \(out)")
        }
        do { try capacity.write(to: out) } catch { throw CommandFailure("--out: \(error)") }
        guard !json else { return }
        let rows = found.runs.map { run in
            [
                "\(run.report.plan.calls)", run.verdict,
                run.report.coreShare.map { String(format: "%.2f", $0) } ?? "-",
                run.report.load.process.map { String(format: "%.1f us", $0.microsecondsPerCallFrame) } ?? "-",
                String(format: "%.2f ms", run.report.load.gap.p999 / 1_000), run.reasons.joined(separator: "; "),
            ]
        }
        print(table(["calls", "run", "core", "per call-frame", "gap p99.9", "why"], rows))
        print("\nthis host carries \(capacity.calls) calls (\(profile.rawValue)); more: \(capacity.limitedBy)")
        print("written to \(out): `media-bridge serve` takes it as its limit")
    }

    private func writePage(_ page: BenchPage) throws {
        guard let html else { return }
        do { try page.html.write(toFile: html, atomically: true, encoding: .utf8) } catch {
            throw CommandFailure("--html: cannot write \(html)")
        }
    }
}
