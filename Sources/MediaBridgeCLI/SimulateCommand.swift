import ArgumentParser
import Conversation
import ConversationSimulator
import Foundation

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Plays calls in virtual time, with faults, and checks the rules after every event.",
        discussion: """
            Each call is drawn from a seed of its own: what the caller does, how the model answers, what goes wrong on \
            any side. The conversation and playout under test are the service's own. Call n of a run has the seed N + n, \
            so a failing call is played again by itself:

              media-bridge simulate --calls 20000                        a few minutes' work, faults of all kinds
              media-bridge simulate --calls 5000 --faults modelDrops,marksLost
              media-bridge simulate --seed 17 --calls 1 --trace          one call, event by event

            A call that breaks a rule is shrunk to the few things that it takes, and these are printed with the rule, \
            the seed and the command that plays it again. Exit status 1 if any did. Ctrl-C ends with the summary so far.
            """)

    @Option(help: "Seed of the first call. Default: a new one, which is printed.") var seed: UInt64?
    @Option(help: "How many calls.") var calls = 10_000
    @Option(help: "all, none, or a list of faults separated by commas; a wrong name prints them all.")
    var faults = "all"
    @Option(help: "Of one call: only these of its things, by the numbers that a shrunk call is printed with; or none.")
    var keep: String?
    @Option(help: "Stop after this many broken calls.") var failures = 5
    @Flag(help: "Print every event, the state after it and what was done. For few calls.") var trace = false
    @Flag(help: "One JSON object instead of text.") var json = false

    func validate() throws {
        if calls < 1 { throw ValidationError("--calls: \(calls), expected at least 1") }
        if failures < 1 { throw ValidationError("--failures: \(failures), expected at least 1") }
        if keep != nil, calls != 1 || seed == nil {
            throw ValidationError("--keep is of one call: give --seed and --calls 1")
        }
        do { _ = try FaultSet(parsing: faults) } catch { throw ValidationError("--faults: \(error)") }
        _ = try keptElements()
    }

    private func keptElements() throws -> [Int]? {
        guard let keep else { return nil }
        if keep == "none" { return [] }
        return try keep.split(separator: ",").map { part in
            guard let number = Int(part), number >= 0 else {
                throw ValidationError("--keep: \"\(part)\", expected numbers separated by commas, or none")
            }
            return number
        }
    }

    func run() async throws {
        let first = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let set = try FaultSet(parsing: faults)
        let kept = try keptElements()
        if !json { print("seed \(first), \(calls) calls, faults \(faults)") }
        let (count, most, isTraced, isQuiet) = (calls, failures, trace, json)
        let work = Task.detached { () -> SimulationRun in
            var run = SimulationRun(first: first, faults: set)
            run.play(count, keeping: kept, traced: isTraced, stopAfter: most, isQuiet: isQuiet)
            return run
        }
        let interruption = Task {
            await untilInterrupted()
            work.cancel()
        }
        let run = await work.value
        interruption.cancel()
        if json { try printJSON(SimulationReport(run, faults: faults)) } else { print(run.text) }
        if run.summary.failures > 0 { throw ExitCode(1) }
    }
}

/// A run of calls as the command plays it: progress to standard error, failures shrunk as they come.
struct SimulationRun: Sendable {
    let first: UInt64
    let faults: FaultSet
    private(set) var summary = SimulationSummary()
    private(set) var failures: [String] = []
    private(set) var seconds = 0.0

    init(first: UInt64, faults: FaultSet) { (self.first, self.faults) = (first, faults) }

    mutating func play(_ calls: Int, keeping kept: [Int]?, traced: Bool, stopAfter most: Int, isQuiet: Bool) {
        let simulation = Simulation(faults: faults)
        let began = ContinuousClock.now
        var toldAt = began
        for call in 0..<calls {
            if call & 15 == 0, Task.isCancelled { break }
            let seed = first &+ UInt64(call)
            if traced || kept != nil {
                let whole = CallPlan.drawn(seed: seed, from: faults)
                let result = simulation.count(whole, keeping: kept, traced: traced)
                if traced { for line in result.trace { print(line) } }
                if let rule = result.broken.first { failures.append("seed \(seed): \(rule)") }
            } else if simulation.run(seed: seed) != nil {
                failures.append(ShrunkCall(CallPlan.drawn(seed: seed, from: faults), simulation: simulation).text)
            }
            if failures.count >= most { break }
            let now = ContinuousClock.now
            guard call & 255 == 255, now - toldAt > .seconds(5) else { continue }
            toldAt = now
            let perHour = Double(call + 1) / Self.seconds(now - began) * 3_600
            complain("\(call + 1) of \(calls) calls, \(Int(perHour)) an hour, \(failures.count) broken")
        }
        summary = simulation.summary
        seconds = Self.seconds(ContinuousClock.now - began)
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    var callsPerHour: Double { seconds > 0 ? Double(summary.calls) / seconds * 3_600 : 0 }

    var text: String {
        var lines = failures
        let endings = zip(HangUpReason.allCases, summary.endings).filter { $0.1 > 0 }
        let struck = zip(SimulatedFault.allCases, summary.strikes).filter { $0.1 > 0 }
        lines.append("")
        lines.append(
            "calls              \(summary.calls), mean length \(String(format: "%.1f", summary.meanSeconds)) s")
        lines.append(
            "virtual time       \(String(format: "%.1f", summary.virtualHours)) h in \(String(format: "%.1f", seconds)) s, "
                + "\(Int(callsPerHour)) calls an hour")
        lines.append("events             \(summary.events)")
        lines.append("rules checked      \(summary.checks) times")
        lines.append("rows of the table  \(summary.rowsVisited) of \(summary.rowsInTable)")
        if summary.calls >= 1_000, !summary.rowsNotVisited.isEmpty {
            lines.append("  never            " + summary.rowsNotVisited.joined(separator: ", "))
        }
        lines.append("endings            " + endings.map { "\($0.0.rawValue) \($0.1)" }.joined(separator: ", "))
        lines.append("faults             \(summary.faultsStruck)")
        for start in stride(from: 0, to: struck.count, by: 5) {
            let part = struck[start..<min(start + 5, struck.count)]
            lines.append("  " + part.map { "\($0.0.rawValue) \($0.1)" }.joined(separator: ", "))
        }
        lines.append("broken             \(summary.failures)")
        return lines.joined(separator: "\n")
    }
}

/// The same for programs.
private struct SimulationReport: Encodable {
    var seed: UInt64
    var faults: String
    var calls: Int
    var seconds: Double
    var callsPerHour: Double
    var virtualHours: Double
    var meanSeconds: Double
    var events: Int
    var checks: Int
    var rowsVisited: Int
    var rowsInTable: Int
    var rowsNotVisited: [String]
    var endings: [String: Int]
    var strikes: [String: Int]
    var broken: Int
    var failures: [String]

    init(_ run: SimulationRun, faults: String) {
        (seed, self.faults, calls, seconds) = (run.first, faults, run.summary.calls, run.seconds)
        (callsPerHour, virtualHours) = (run.callsPerHour, run.summary.virtualHours)
        (meanSeconds, events, checks) = (run.summary.meanSeconds, run.summary.events, run.summary.checks)
        (rowsVisited, rowsInTable) = (run.summary.rowsVisited, run.summary.rowsInTable)
        rowsNotVisited = run.summary.rowsNotVisited
        endings = Dictionary(
            uniqueKeysWithValues: zip(HangUpReason.allCases.map(\.rawValue), run.summary.endings).filter { $0.1 > 0 })
        strikes = Dictionary(
            uniqueKeysWithValues: zip(SimulatedFault.allCases.map(\.rawValue), run.summary.strikes).filter { $0.1 > 0 })
        (broken, failures) = (run.summary.failures, run.failures)
    }
}
