import AudioPipeline
import Conversation
import Foundation
import RealtimeBridge
import Telemetry

// How many instructions a call's tick takes, and what telling about it adds. `Benchmarks/diagnostics-share` runs it under
// callgrind. One iteration is 20 ms of one call, both ways, in a steady state: the carrier's message parsed, decoded, heard
// and forwarded; the model's message parsed and queued; one frame taken out, paced and written. The two paths are the
// service's own files. Sockets and the kernel are left out, which makes the share larger than it is.

enum Telling: String, CaseIterable {
    /// The tick alone.
    case none
    /// And a diagnostic record every 10 s: as often as anything is told that goes on and on.
    case diagnostics
    /// And the counters of a steady tick: frames in, to the model and out, and samples from the model.
    case counters
    /// Every 20 ms something is wrong: no steady state, but what one record costs.
    case storm
}

enum Counted: UInt8, CounterName { case framesIn, framesToModel, framesOut, samplesFromModel }

/// Stands for a file or a socket: keeps the compiler from leaving out what nobody looks at.
@inline(never) func consume(_ bytes: Int) { if bytes < 0 { print(bytes) } }

func run(ticks: Int, _ telling: Telling) throws {
    guard var call = try SteadyCall.begin(.pcmu) else { return }
    var ring = DiagnosticRing(capacity: 1_024)
    var diagnostics = ring.writer
    var reader = ring.reader
    ring = DiagnosticRing(capacity: 1)
    for tick in 0..<ticks {
        call.tick(tick, countingEvents: telling == .counters)
        if telling == .storm || (telling == .diagnostics && tick % 500 == 0) {
            diagnostics.push(DiagnosticRecord(.lateTick, call: 1, at: UInt64(tick) * 20_000_000, value: 5))
        }
        // Telemetry's side, once a second, belongs to another thread: emptied here without a look at it.
        if telling == .storm, tick % 50 == 49 { while reader.pop() != nil {} }
    }
    call.end()
}

let arguments = CommandLine.arguments
if arguments.count == 3, arguments[1] == "counts", let iterations = Int(arguments[2]) {
    try StageCounts(iterations: iterations).run()
    exit(0)
}
if arguments.count == 4, arguments[1] == "resources", let ticks = Int(arguments[2]),
    let format = ["passthrough": ModelAudioFormat.pcmu, "transcode": .pcm24][arguments[3]]
{
    try StageCounts.resources(ticks: ticks, format: format)
    exit(0)
}
guard arguments.count == 3, let ticks = Int(arguments[1]), let telling = Telling(rawValue: arguments[2]) else {
    print(
        """
        usage: FramePath TICKS \(Telling.allCases.map(\.rawValue).joined(separator: "|"))
               FramePath counts ITERATIONS
               FramePath resources TICKS passthrough|transcode
        """)
    exit(64)
}
try run(ticks: ticks, telling)
