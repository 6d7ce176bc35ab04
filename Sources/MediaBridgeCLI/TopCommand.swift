import ArgumentParser
import Foundation
import MediaBridge

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch the frame budget of the running service: calls, ticks, stages, holes, refusals.",
        discussion: """
            Asks the service's admin API (GET /api/v1/live) again and again. `core` and `slack` are of the last second: slack is \
            what 99 % of a shard's ticks had left of 20 ms. All else is since the service started.

              media-bridge top --config media-bridge.yaml
              media-bridge top --once --json | jq .worstStage
            """)

    @OptionGroup var service: AdminOptions
    @Option(help: "Seconds between two looks, 1 ... 3600.") var interval = 1
    @Flag(help: "One look, and no more.") var once = false
    @Flag(help: "The service's answer as JSON, one line a look.") var json = false

    func validate() throws {
        guard (1...3_600).contains(interval) else {
            throw ValidationError("--interval: \(interval), expected 1 ... 3600 seconds")
        }
    }

    func run() async throws {
        let client = try service.client()
        while true {
            let answer = try await client.send("GET", "/api/v1/live")
            guard answer.status == 200 else { throw AdminClient.complaint(answer.status, answer.object, answer.text) }
            if json {
                print(answer.text)
            } else {
                let report: LiveReport
                do { report = try JSONDecoder().decode(LiveReport.self, from: Data(answer.text.utf8)) } catch {
                    throw CommandFailure("\(client.address) answers, and not as this version does")
                }
                // Home, then whatever was there is cleared.
                print((once ? "" : "\u{1B}[H\u{1B}[2J") + LiveScreen(report).text)
            }
            if once { return }
            try await Task.sleep(for: .seconds(interval))
        }
    }
}
