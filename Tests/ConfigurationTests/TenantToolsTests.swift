import Configuration
import Conversation
import Testing

@Suite struct `Tools of a tenant` {
    private static let environment = ["TOKEN": token, "KEY": "key-4711"]
    private func tenant(_ fields: String) throws(ConfigurationError) -> Tenant {
        try parse(smallest + fields, environment: Self.environment).tenants[0]
    }
    private func problem(_ fields: String) -> String {
        do {
            _ = try tenant(fields)
            return ""
        } catch { return error.description }
    }

    static let everything = """
            tools:
              - name: find
                description: Finds.
                parameters: '{"type":"object","properties":{"a":{"type":"string"}}}'
                url: https://clinic.example/find?v=1
                method: GET
                headers: {Authorization: "Bearer ${KEY}", X-Plain: plain}
                timeoutMilliseconds: 4000
                filler: One moment.
                fillerMilliseconds: 900
              - {name: local, description: Here., url: "http://127.0.0.1:8/x"}
              - {name: open, description: There., url: "http://other.example/x", allowInsecure: true}
            transfer:
              destinations:
                - {name: front desk, purpose: bills, to: "+15005550009"}
                - {name: doctor, to: "sip:doctor@clinic.example"}
              ringSeconds: 30
              callerId: "+15005550001"
              whenModelUnavailable: doctor
            sendDigits: true
            mcpServers:
              - {label: calendar, url: "https://mcp.example/sse", headers: {Authorization: "${KEY}"}, allowedTools: [a, b], approval: always}

        """

    @Test func `every field is read, and the model is told names, not numbers and addresses`() throws {
        let tenant = try tenant(Self.everything)
        let tools = tenant.tools
        #expect(tools.http.map(\.name) == ["find", "local", "open"])
        #expect(tools.http[0].method == .get && tools.http[0].timeoutMilliseconds == 4_000)
        #expect(tools.http[0].headers.map(\.name) == ["Authorization", "X-Plain"])
        #expect(tools.http[0].headers[0].value.reveal() == "Bearer key-4711")
        #expect(tools.http[1].method == .post)
        #expect(tools.transfer.destinations.map(\.address) == ["+15005550009", "sip:doctor@clinic.example"])
        #expect(tools.remoteServers[0].allowedTools == ["a", "b"] && tools.remoteServers[0].approval == .always)
        let policy = tenant.conversationPolicy
        #expect(policy.transferWhenModelUnavailable == "doctor" && policy.errandMilliseconds == 55_000)

        let definitions = tenant.toolDefinitions
        #expect(definitions.map(\.name) == ["find", "local", "open", "transfer_call", "send_dtmf"])
        #expect(definitions[0].filler == "One moment." && definitions[0].timeoutMilliseconds == 5_000)
        let told = definitions.map { $0.description + $0.parameters }.joined()
        #expect(told.contains("front desk (bills)") && told.contains(#"["front desk","doctor"]"#))
        for secret in ["+1500", "sip:", "key-4711", "clinic.example"] { #expect(!told.contains(secret)) }
        let prompt = try PromptBuilder().build(from: tenant.promptSource, direction: .inbound)
        #expect(prompt.tools.first == .endCall && prompt.tools.count == 6)
    }

    @Test func `no header's value is printed, and the rest reads back the same`() throws {
        let configuration = try parse(smallest + Self.everything, environment: Self.environment)
        let printed = configuration.effectiveYAML()
        #expect(!printed.contains("4711") && printed.contains("<redacted>"))
        #expect(!"\(configuration)".contains("4711"))
        #expect(printed.contains("+15005550009") && printed.contains("front desk"))
    }

    @Test(arguments: [
        (#"tools: [{name: a b, description: d, url: "https://x.example/"}]"#, "tools[0].name: `a b` does not fit"),
        (#"tools: [{name: end_call, description: d, url: "https://x.example/"}]"#, "`end_call` is built in"),
        (
            #"tools: [{name: a, description: d, url: "https://x.example/"}, {name: a, description: d, url: "https://x.example/"}]"#,
            "tools[1].name: `a` is another tool's"
        ),
        (#"tools: [{name: a, url: "https://x.example/"}]"#, "description: is missing"),
        (#"tools: [{name: a, description: d}]"#, "url: is missing"),
        (#"tools: [{name: a, description: d, url: "http://x.example/"}]"#, "url: is not https"),
        (#"tools: [{name: a, description: d, url: "ftp://x.example/"}]"#, "url: does not fit"),
        (#"tools: [{name: a, description: d, url: "https://u:p@x.example/"}]"#, "url: does not fit"),
        (#"tools: [{name: a, description: d, url: "https://x.example/${KEY}"}]"#, "secrets go into `headers`"),
        (#"tools: [{name: a, description: d, url: "https://x.example/", parameters: "[1]"}]"#, "is not a JSON object"),
        (#"tools: [{name: a, description: d, url: "https://x.example/", parameters: "{"}]"#, "is not JSON"),
        (
            #"tools: [{name: a, description: d, url: "https://x.example/", parameters: "{}"}]"#,
            #"has no "type": "object""#
        ),
        (
            #"tools: [{name: a, description: d, url: "https://x.example/", headers: {Host: evil}}]"#,
            "`Host` is not a header that may be set here"
        ),
        (
            #"tools: [{name: a, description: d, url: "https://x.example/", headers: {A: "${NOWHERE}"}}]"#,
            "the environment variable NOWHERE is not set"
        ),
        (#"tools: [{name: a, description: d, url: "https://x.example/", timeoutMilliseconds: 5}]"#, "out of range"),
        (#"transfer: {destinations: [{name: a, to: "911"}]}"#, "`911` does not fit"),
        (#"transfer: {destinations: [{name: a, to: "sip:x"}]}"#, "`sip:x` does not fit"),
        (#"transfer: {destinations: [], whenModelUnavailable: b}"#, "`b` is no destination of this list"),
        (#"mcpServers: [{label: a, url: "http://127.0.0.9.example/"}]"#, "url: is not https"),
        (#"mcpServers: [{label: a, url: "https://x.example/", approval: maybe}]"#, "one of never, always was expected"),
    ])
    func `what cannot work is refused at load, with its place`(fields: String, expected: String) {
        let problem = problem("    " + fields + "\n")
        #expect(problem.contains(expected), "\(problem)")
        #expect(problem.contains("x.yaml:"))
        #expect(!problem.contains("key-4711"))
    }

    @Test func `R14 more than 64 tools are refused`() {
        var fields = "    tools:\n"
        for number in 0..<62 {
            fields += "      - {name: tool_\(number), description: d, url: \"https://x.example/\"}\n"
        }
        #expect(problem(fields).contains("65 tools with the built-in ones; at most 64 fit"))
    }
}
