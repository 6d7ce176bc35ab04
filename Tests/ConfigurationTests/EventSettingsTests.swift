import Configuration
import Testing

@Suite struct `Events of a tenant` {
    private static let environment = ["TOKEN": token, "KEY": "0123456789abcdef-4711", "SHORT": "abc"]
    private func problem(_ fields: String) -> String {
        do {
            _ = try parse(smallest + "    events: {" + fields + "}\n", environment: Self.environment)
            return ""
        } catch { return error.description }
    }

    @Test func `every field is read, and no secret is printed`() throws {
        let fields = """
                events:
                  url: https://crm.example/hook
                  secret: ${KEY}
                  otherSecret: ${KEY}
                  kinds: [call.started, call.ended]
                  includeText: true
                  giveUpHours: 5
                  allowPrivateAddresses: true

            """
        let configuration = try parse(smallest + fields, environment: Self.environment)
        let events = try #require(configuration.tenants[0].events)
        #expect(events.url == "https://crm.example/hook" && events.secret.reveal() == "0123456789abcdef-4711")
        #expect(events.kinds == [.callStarted, .callEnded] && events.includesText && events.otherSecret != nil)
        #expect(events.giveUpHours == 5 && events.allowPrivateAddresses && !events.isLoopback)
        let printed = configuration.effectiveYAML()
        #expect(printed.contains("call.started") && !printed.contains("4711"))
        #expect(try parse(smallest, environment: Self.environment).tenants[0].events == nil)
    }

    @Test(arguments: [
        (#"url: "https://x.example/""#, "events.secret: is missing"),
        (#"url: "https://x.example/", secret: hunter2hunter2hunter2"#, "a secret is not written here"),
        (#"url: "https://x.example/", secret: "${SHORT}""#, "secret: is shorter than 16 characters"),
        (#"secret: "${KEY}""#, "events.url: is missing"),
        (#"url: "http://x.example/", secret: "${KEY}""#, "url: is not https"),
        (#"url: "https://x.example/", secret: "${KEY}", kinds: [call.begun]"#, "`call.begun` is no kind of event"),
        (#"url: "https://x.example/", secret: "${KEY}", giveUpHours: 0"#, "out of range"),
        (#"url: "https://x.example/", secret: "${KEY}", includeTexts: true"#, "did you mean `includeText`?"),
    ])
    func `what cannot work is refused at load, with its place`(fields: String, expected: String) {
        let problem = problem(fields)
        #expect(problem.contains(expected), "\(problem)")
        #expect(!problem.contains("hunter2"))
    }
}
