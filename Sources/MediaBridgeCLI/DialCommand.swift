import ArgumentParser
import CallControl
import Configuration
import Foundation

struct DialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dial",
        abstract: "Have the running service call somebody, for a tenant.",
        discussion: """
            Asks the service's admin API (POST /api/v1/calls), which takes a place for the call, has the carrier dial, and \
            gives whoever picks up to the tenant's outbound agent. It costs money: the API wants its bearer token.

              media-bridge dial --config media-bridge.yaml --tenant clinic --to +15005550006 --context "Anna, 10:30 tomorrow"

            The same number is not called twice within a minute (dialling.sameNumberSeconds). When an answer got lost, \
            repeat with the same --key: it is one call.
            """)

    @OptionGroup var service: AdminOptions
    @Option(help: "For which tenant.") var tenant: String
    @Option(help: "Whom to call, in E.164.") var to: String
    @Option(help: "The number that calls. Default: the tenant's first.") var from: String?
    @Option(help: "What the agent is to know of this person; kept apart from the prompt.") var context: String?
    @Option(help: "off, beforeConnecting or whileConnected. Default: the tenant's.") var machineDetection: String?
    @Option(help: "Idempotency key: with the same one and the same words it is the same call. Default: a new one.")
    var key: String?
    @Flag(help: "Wait until the call is over, and say how.") var wait = false
    @Flag(help: "The service's answer as JSON; with --wait the call as the store has it.") var json = false

    func validate() throws {
        guard to.hasPrefix("+"), (8...16).contains(to.utf8.count), to.dropFirst().allSatisfy(\.isNumber) else {
            throw ValidationError("--to: \(to), expected a number in E.164, as in +15005550006")
        }
        if let machineDetection, MachineDetection(rawValue: machineDetection) == nil {
            let names = MachineDetection.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--machine-detection: \(machineDetection), expected one of \(names)")
        }
        if let key, !(1...255).contains(key.utf8.count) {
            throw ValidationError("--key: \(key.utf8.count) bytes, expected 1 to 255")
        }
    }

    func run() async throws {
        let client = try service.client()
        var body = ["tenant": tenant, "to": to]
        if let from { body["from"] = from }
        if let context { body["context"] = context }
        if let machineDetection { body["machineDetection"] = machineDetection }
        let made = try await client.send(
            "POST", "/api/v1/calls", body: body, headers: [("Idempotency-Key", key ?? UUID().uuidString)])
        guard made.status == 201, let call = made.object["call"] as? String else {
            if json, made.status != 401 { print(made.text) }
            throw AdminClient.complaint(made.status, made.object, made.text)
        }
        guard wait else { return print(json ? made.text : call) }
        if !json { print("\(call) is being called") }
        try await untilOver(call, client)
    }

    /// Asks twice a second. A call that was not picked up ends this command with a failure.
    private func untilOver(_ call: String, _ client: AdminClient) async throws {
        var last = ""
        while true {
            let answer = try await client.send("GET", "/api/v1/calls/\(call)")
            // The record may be written a moment after the carrier has the call.
            guard answer.status == 200 || answer.status == 404 else {
                throw AdminClient.complaint(answer.status, answer.object, answer.text)
            }
            let status = answer.object["status"] as? String ?? ""
            if !json, status != last, !status.isEmpty { print(status) }
            last = status
            if answer.object["endedAtUnixMilliseconds"] is NSNumber {
                let reason = answer.object["endReason"] as? String ?? "unknown"
                print(json ? answer.text : "over: \(reason)")
                if ["busy", "no-answer", "failed", "canceled", "noAnswer"].contains(reason) {
                    throw ExitCode(1)
                }
                return
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
