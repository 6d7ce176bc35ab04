import ArgumentParser

struct HangUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hangup",
        abstract: "Have the running service end one of its calls, after a goodbye.",
        discussion: """
            Asks the service's admin API (DELETE /api/v1/calls/ID). A call that only rings is taken back at the carrier.

              media-bridge hangup --config media-bridge.yaml CA0123456789abcdef0123456789abcdef
            """)

    @OptionGroup var service: AdminOptions
    @Argument(help: "The call's id; `media-bridge calls` lists them.") var call: String
    @Flag(help: "At once, without a goodbye.") var now = false
    @Flag(help: "The service's answer as JSON.") var json = false

    func validate() throws {
        guard (1...64).contains(call.utf8.count), call.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            throw ValidationError("\(call) is no call's id, letters and digits were expected")
        }
    }

    func run() async throws {
        let answer = try await service.client().send("DELETE", "/api/v1/calls/\(call)?goodbye=\(!now)")
        guard answer.status == 202 else { throw AdminClient.complaint(answer.status, answer.object, answer.text) }
        if json { print(answer.text) }
    }
}
