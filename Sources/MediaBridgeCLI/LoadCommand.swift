import ArgumentParser
import Foundation
import Glibc
import LoadGenerator

struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Put a bridge under load: many callers, and the model they are joined to.",
        discussion: """
            Plays both far ends of a bridge, ours or another's: callers that speak Twilio Media Streams, and a realtime model \
            that answers at once and speaks in real time. It is an open loop: every message has an intended time and is \
            sent then, whatever comes back. It times itself, and calls a run void in which it was late.

            The bridge's model address must be the one that is printed first. Every tenth call is a probe: its caller \
            clicks once a second, and its model says back what it hears, so that a click's way through the bridge, there \
            and back, is timed.

              media-bridge load --url ws://127.0.0.1:8080/stream --model-port 9000 --calls 200 --bridge-pid $(pidof bridge)
              media-bridge load --voice-url http://127.0.0.1:8080/twilio/voice --auth-token TOKEN --account AC... --to +1... \\
                --calls 200 --json

            Run it on other cores than the bridge (`taskset`), or what is measured is both.
            """)

    @Option(help: ArgumentHelp("The bridge's media stream, ws:// or wss://.", valueName: "URL")) var url: String?
    @Option(
        help: ArgumentHelp(
            "The bridge's voice webhook, http:// or https://: its TwiML names the stream.", valueName: "URL"))
    var voiceUrl: String?
    @Option(help: "The carrier account's auth token, to sign the webhook with.") var authToken = ""
    @Option(help: "The carrier account.") var account = "AC00000000000000000000000000000000"
    @Option(help: "The number that is called.") var to = "+15005550006"
    @Option(help: "Calls at the same time, 1 ... 20,000.") var calls = 100
    @Option(help: "New calls a second until all are up.") var rate = 200.0
    @Option(help: "Seconds between the last call's begin and the measurement.") var warmUp = 5.0
    @Option(help: "Seconds that are measured.") var seconds = 20.0
    @Option(help: "Audio in one message of the model, in ms, a multiple of 20.") var deltaMs = 20
    @Option(help: "Every so many-th call is a latency probe; 0 for none.") var probes = 10
    @Option(help: "Where the model listens on 127.0.0.1; 0 takes a free port.") var modelPort = 0
    @Option(help: "A PEM certificate (with its chain) for the model's side; plain without one.") var modelCertificate:
        String?
    @Option(help: "Its PEM key.") var modelKey: String?
    @Option(help: "The bridge's process: its processor time and memory are measured.") var bridgePid: Int32?
    @Option(help: "Calls a second that are asked for on top while it measures, to overload the bridge.") var extraRate =
        0.0
    @Option(help: "Seconds after which each of those hangs up; 0 for not before the end.") var extraSeconds = 0.0
    @Flag(help: "Print the figures as JSON (times in microseconds).") var json = false

    func validate() throws {
        func check(_ isRight: Bool, _ message: String) throws { if !isRight { throw ValidationError(message) } }
        try check((url == nil) != (voiceUrl == nil), "one of --url and --voice-url is needed")
        try check((1...20_000).contains(calls), "--calls: \(calls), 1 ... 20,000 was expected")
        try check(rate > 0 && rate <= 10_000, "--rate: \(rate), more than 0 and at most 10,000 a second was expected")
        try check(warmUp >= 0 && warmUp <= 3_600, "--warm-up: \(warmUp), 0 ... 3,600 s was expected")
        try check(seconds >= 1 && seconds <= 86_400, "--seconds: \(seconds), 1 ... 86,400 was expected")
        try check(
            (20...1_000).contains(deltaMs) && deltaMs % 20 == 0,
            "--delta-ms: \(deltaMs), a multiple of 20 up to 1,000 was expected")
        try check(probes >= 0, "--probes: \(probes), 0 or more was expected")
        try check((0...65_535).contains(modelPort), "--model-port: \(modelPort), 0 ... 65,535 was expected")
        try check(extraRate >= 0 && extraRate <= 10_000, "--extra-rate: \(extraRate), 0 ... 10,000 was expected")
        try check(
            extraSeconds >= 0 && extraSeconds <= 3_600, "--extra-seconds: \(extraSeconds), 0 ... 3,600 s was expected")
        try check((modelCertificate == nil) == (modelKey == nil), "--model-certificate and --model-key go together")
    }

    func run() throws {
        let door: LoadOptions.Door =
            url.map { .stream(url: $0) }
            ?? .webhook(url: voiceUrl ?? "", authToken: authToken, accountSid: account, to: to)
        var options = LoadOptions(door: door, calls: calls)
        options.callsPerSecond = rate
        options.warmUpSeconds = warmUp
        options.seconds = seconds
        options.deltaMilliseconds = deltaMs
        options.probeEvery = probes
        options.modelPort = modelPort
        (options.modelCertificate, options.modelKey) = (modelCertificate, modelKey)
        options.bridgeProcess = bridgePid
        options.extraCallsPerSecond = extraRate
        options.extraCallSeconds = extraSeconds
        let isTerminal = isatty(STDERR_FILENO) == 1
        let report: LoadReport
        do {
            let run = try LoadRun(options) { line in
                if isTerminal { FileHandle.standardError.write(Data("\r\(line)\u{1B}[K".utf8)) } else { complain(line) }
            }
            complain("the model listens on \(modelKey == nil ? "ws" : "wss")://127.0.0.1:\(run.modelPort)/v1/realtime")
            report = try run.run()
        } catch let error as LoadError { throw CommandFailure(error.description) }
        if isTerminal { complain("") }
        if json { try printJSON(report) } else { print(LoadTable(report).text) }
        if report.isVoid { throw ExitCode(3) }
    }
}
