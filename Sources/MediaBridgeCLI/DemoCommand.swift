import ArgumentParser
import CarrierPhone
import Configuration
import Foundation
import LocalAgent
import Logging
import MediaBridge
import Telemetry
import Transport
import TurnStore

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A whole call on this machine: no account, no key.",
        discussion: """
            Starts the service on loopback with its embedded defaults and the local agent, calls it with recorded human \
            speech over the Twilio Media Streams protocol (signed webhook, media WebSocket, marks, clear), interrupts the \
            agent once, says goodbye, and checks what was heard, stored and recorded. Exit status 1 if any of it did not \
            happen.
            """)

    @Option(help: "Where the turn store and the recording go. Default: a new temporary folder.") var directory: String?
    @Option(help: "The model's audio: pcmu passes through; pcm24 resamples both ways; pcma.") var audioFormat = "pcmu"
    @Option(help: "Where the caller's recorded speech lies.")
    var sounds = "/usr/share/asterisk/sounds/en_US_f_Allison"

    /// The third recording interrupts the long answer to the second, this far into it.
    private static let interruptionMilliseconds = 3_000
    private static let interruptingUtterance = 2

    func validate() throws {
        if ModelConfiguration.AudioFormat(rawValue: audioFormat) == nil {
            throw ValidationError("--audio-format: \(audioFormat), expected pcmu, pcma or pcm24")
        }
    }

    func run() async throws {
        LineLogHandler.bootstrap(level: .error)
        let folder = try makeFolder()
        let screen = DemoScreen()
        let service = Service(configuration: makeConfiguration(folder), observer: screen)
        let options: CarrierPhoneOptions
        let loop: EventLoop
        do {
            options = try makePhone(port: 0)
            loop = try EventLoop(name: "phone")
            try service.start()
        } catch { throw CommandFailure("\(error)") }
        loop.start()
        print(
            "service on http://127.0.0.1:\(service.publicPort), metrics on http://127.0.0.1:\(service.adminPort)/metrics"
        )
        print("calling \(ServiceConfiguration.demoNumber) with recorded speech; audio \(audioFormat)\n")

        var placed = options
        placed.destination = .webhook(url: "http://127.0.0.1:\(service.publicPort)/twilio/voice")
        placed.statusCallback = "http://127.0.0.1:\(service.publicPort)/twilio/status"
        let phone = CarrierPhoneCall(placed, on: loop) { screen.phone($0) }
        // Ctrl-C hangs up; what is open is closed in order, and the checks say what is missing.
        let interruption = Task {
            await untilInterrupted()
            phone.hangUp()
        }
        let report = await phone.run()
        interruption.cancel()
        await screen.settled()
        let budget = BudgetTable(service)
        let metrics = service.metricsText
        service.stop()
        loop.stop()

        let heard = folder + "/heard-by-caller.wav"
        try report.writeHeardAudio(path: heard)
        let stored = try TurnStore.openReadOnly(folder + "/media-bridge.sqlite").call(report.callSid)
        print("\n" + budget.text)
        let checks = DemoChecks(report: report, screen: screen, call: stored, metrics: metrics, heard: heard)
        print(checks.frames)
        print(checks.files)
        print("\n" + checks.text)
        if !checks.allPassed { throw ExitCode(1) }
    }

    private func makeFolder() throws -> String {
        let path = directory ?? NSTemporaryDirectory() + "media-bridge-demo-\(UInt32.random(in: 0 ... .max))"
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw CommandFailure("--directory: cannot make \(path)")
        }
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }

    private func makeConfiguration(_ folder: String) -> ServiceConfiguration {
        var configuration = ServiceConfiguration.embeddedDefaults(
            storePath: folder + "/media-bridge.sqlite", recordingDirectory: folder + "/recordings")
        configuration.publicListener.port = 0
        configuration.adminListener.port = 0
        configuration.model.audioFormat = ModelConfiguration.AudioFormat(rawValue: audioFormat)!
        configuration.tenants[0].recordingEnabled = true
        configuration.tenants[0].recordingFormat = .both
        configuration.journals.directory = folder + "/journals"
        configuration.tenants[0].journal = .audio
        return configuration
    }

    private func makePhone(port: Int) throws -> CarrierPhoneOptions {
        var options = CarrierPhoneOptions(.webhook(url: "http://127.0.0.1"))
        options.to = ServiceConfiguration.demoNumber
        options.accountSid = ServiceConfiguration.demoAccountSid
        options.authToken = ServiceConfiguration.demoAuthToken.reveal()
        options.hangUp = [.after(milliseconds: 120_000), .afterSilence(milliseconds: 15_000)]
        options.statusEvents = [.initiated, .ringing, .answered, .completed]
        for (index, name) in DefaultScript.conversation.enumerated() {
            let moment: PhoneMoment =
                index == Self.interruptingUtterance
                ? .intoAgentTurn(index + 1, milliseconds: Self.interruptionMilliseconds)
                : .afterAgentTurn(index + 1, pauseMilliseconds: 400)
            options.utterances.append(try PhoneUtterance(wavFile: "\(sounds)/\(name).wav", moment))
        }
        return options
    }
}
