import ArgumentParser
import CarrierPhone
import Configuration
import Foundation
import Transport

struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Be the caller: a carrier-side test phone that speaks Twilio Media Streams.",
        discussion: """
            Asks the voice webhook like the carrier would (signed), opens the media stream, talks in real time, and plays \
            what comes back through a real playout buffer with marks and clear.

              media-bridge call --url http://127.0.0.1:8080/twilio/voice --wav hello.wav --wav bye.wav --out heard.wav

            Each --wav is said when the agent has finished its next turn. With --talk-over, the second one is said that \
            many milliseconds into the agent's second turn instead: an interruption. With --at nobody is waited for: the way to \
            talk where no agent speaks (`mode: transcribe`).
            """)

    @Option(help: "The voice webhook (http, https), or a media stream (ws, wss).") var url: String
    @Option(name: .long, help: "What the caller says: 8 kHz mono WAV. Repeat for more.") var wav: [String] = []
    @Option(name: .long, help: "Say the second WAV this many milliseconds into the agent's second turn.")
    var talkOver: Int?
    @Option(
        help: "Say the first WAV this many milliseconds into the call, each other one a second after the one before.")
    var at: Int?
    @Option(help: "The caller's number.") var from = "+15005550006"
    @Option(help: "The number that is called.") var to = ServiceConfiguration.demoNumber
    @Option(help: "The account's SID.") var account = ServiceConfiguration.demoAccountSid
    @Option(help: "Environment variable that holds the account's auth token; the demo's token without it.")
    var tokenVariable: String?
    @Option(help: "PEM file of the authorities to trust instead of the system's.") var ca: String?
    @Option(help: "Write what the caller hears to this WAV (with --calls, the first call's).") var out: String?
    @Option(help: "Calls at a time.") var calls = 1
    @Option(help: "Hang up after this many seconds, if the agent has not.") var seconds = 60
    @Flag(help: "One JSON object per call instead of text.") var json = false

    func validate() throws {
        if calls < 1 { throw ValidationError("--calls: \(calls), expected at least 1") }
        if seconds < 1 { throw ValidationError("--seconds: \(seconds), expected at least 1") }
        if let at, at < 0 { throw ValidationError("--at: \(at), expected at least 0") }
        if at != nil, talkOver != nil { throw ValidationError("--at and --talk-over: one of them was expected") }
        if talkOver != nil, wav.count < 2 { throw ValidationError("--talk-over needs a second --wav to say") }
    }

    func run() async throws {
        let options = try (0..<calls).map { try phoneOptions(keepsAudio: calls == 1 || $0 == 0 && out != nil) }
        let loop: EventLoop
        do { loop = try EventLoop(name: "phone") } catch { throw CommandFailure("\(error)") }
        loop.start()
        defer { loop.stop() }
        let isQuiet = json || calls > 1
        let phones = options.map { options in
            CarrierPhoneCall(options, on: loop) { if !isQuiet, let line = describe($0) { print(line) } }
        }
        let interruption = Task {
            await untilInterrupted()
            for phone in phones { phone.hangUp() }
        }
        let reports = await withTaskGroup(of: (Int, CarrierPhoneReport).self) { group in
            for (index, phone) in phones.enumerated() { group.addTask { (index, await phone.run()) } }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        interruption.cancel()
        if let out { try reports.first?.writeHeardAudio(path: out) }
        if json { try printJSON(reports.map(CallResult.init)) } else { summarise(reports) }
        if reports.contains(where: { !$0.hasTalked }) { throw ExitCode(1) }
    }

    private func phoneOptions(keepsAudio: Bool) throws -> CarrierPhoneOptions {
        var options = CarrierPhoneOptions(
            url.hasPrefix("ws") ? .stream(url: url) : .webhook(url: url))
        options.from = from
        options.to = to
        options.accountSid = account
        options.trustedAuthoritiesFile = ca
        options.hangUp = [.after(milliseconds: seconds * 1_000)]
        options.keepsAudio = keepsAudio
        if let tokenVariable {
            guard let token = ProcessInfo.processInfo.environment[tokenVariable], !token.isEmpty else {
                throw CommandFailure("--token-variable: \(tokenVariable) is not set in the environment")
            }
            options.authToken = token
        } else {
            options.authToken = ServiceConfiguration.demoAuthToken.reveal()
        }
        do throws(CarrierPhoneError) {
            var next = at
            for (index, path) in wav.enumerated() {
                let moment: PhoneMoment =
                    if let next { .at(milliseconds: next) } else if index == 1, let talkOver {
                        .intoAgentTurn(2, milliseconds: talkOver)
                    } else {
                        .afterAgentTurn(index + 1, pauseMilliseconds: 300)
                    }
                let utterance = try PhoneUtterance(wavFile: path, moment)
                options.utterances.append(utterance)
                next = next.map { $0 + utterance.audio.count / 8 + 1_000 }
            }
        } catch { throw CommandFailure("--wav: \(error)") }
        return options
    }

    private func summarise(_ reports: [CarrierPhoneReport]) {
        let talked = reports.filter(\.hasTalked)
        let rows = reports.prefix(20).map { report in
            [
                report.callSid, report.outcomeText, inSeconds(Int64(report.durationMilliseconds)),
                "\(report.framesSent)", "\(report.mediaMessagesReceived)", "\(report.gaps.count)",
                "\(report.clears.count)", report.firstAgentSoundMilliseconds.map { "\($0) ms" } ?? "none",
            ]
        }
        print(table(["call", "outcome", "length", "sent", "received", "holes", "clears", "first sound"], Array(rows)))
        print("\(talked.count) of \(reports.count) calls talked")
    }
}

/// What `--json` prints of a call.
private struct CallResult: Encodable {
    var call: String
    var outcome: String
    var durationMilliseconds: Int
    var framesSent: Int
    var messagesReceived: Int
    var bytesPlayed: Int
    var bytesCleared: Int
    var holes: Int
    var firstAgentSoundMilliseconds: Int?
    var lateTicks: Int

    init(_ report: CarrierPhoneReport) {
        call = report.callSid
        outcome = report.outcomeText
        durationMilliseconds = report.durationMilliseconds
        framesSent = report.framesSent
        messagesReceived = report.mediaMessagesReceived
        (bytesPlayed, bytesCleared) = (report.bytesPlayed, report.bytesCleared)
        holes = report.gaps.count
        firstAgentSoundMilliseconds = report.firstAgentSoundMilliseconds
        lateTicks = report.lateTicks
    }
}

extension CarrierPhoneReport {
    var hasTalked: Bool { if case .talked = outcome { true } else { false } }

    var outcomeText: String {
        switch outcome {
        case .talked(let party): "\(party.rawValue) hung up"
        case .rejected(let reason): "rejected (\(reason))"
        case .answeredWithoutStream(let verbs): verbs.joined(separator: "; ")
        case .failed(let reason): reason
        }
    }
}

/// One event of the phone as a line, or nil for what would only fill the screen.
func describe(_ event: CarrierPhoneEvent) -> String? {
    let time = inSeconds(Int64(event.atMilliseconds)).leftPadded(to: 9)
    switch event.kind {
    case .webhookAnswered(let verbs): return "\(time)  webhook answered: \(verbs.joined(separator: ", "))"
    case .streamOpened: return "\(time)  media stream open"
    case .agentStartedSpeaking(let turn): return "\(time)  agent speaks (turn \(turn))"
    case .agentStoppedSpeaking(let turn): return "\(time)  agent silent (turn \(turn))"
    case .utteranceStarted(let index): return "\(time)  caller speaks (\(index + 1))"
    case .utteranceEnded(let index): return "\(time)  caller silent (\(index + 1))"
    case .keyPressed(let key): return "\(time)  caller presses \(key)"
    case .cleared(let bytes): return "\(time)  playout cleared, \(bytes / 8) ms unheard"
    case .refusedMessage(let why): return "\(time)  refused a message: \(why)"
    case .ended(let party): return "\(time)  \(party.rawValue) hung up"
    case .markEchoed: return nil
    }
}
