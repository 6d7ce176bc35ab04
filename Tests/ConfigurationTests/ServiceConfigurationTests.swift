import Configuration
import Conversation
import Foundation
import Testing

let token = "0123456789abcdef0123456789abcdef"

/// A configuration of one tenant, complete and right.
let smallest = """
    tenants:
      - id: clinic
        numbers: ["+15005550001"]
        accountSid: AC00000000000000000000000000000001
        authToken: ${TOKEN}
        inbound:
          instructions: Be brief.
        fallback:
          text: Sorry.

    """

func parse(
    _ yaml: String, environment: [String: String] = ["TOKEN": token]
) throws(ConfigurationError) -> ServiceConfiguration {
    try ServiceConfiguration.parse(yaml, file: "x.yaml", directory: "/etc/bridge", environment: environment)
}

@Suite struct `Service configuration` {
    @Test func `one tenant is enough`() throws {
        let configuration = try parse(smallest)
        #expect(configuration.publicListener.host == "127.0.0.1" && configuration.publicListener.port == 8080)
        #expect(configuration.model.kind == .local)
        #expect(configuration.twilio.verifySignatures)
        #expect(configuration.storePath == "/etc/bridge/media-bridge.sqlite")
        let tenant = try #require(configuration.tenant(forNumber: "+15005550001"))
        #expect(tenant.id == "clinic" && tenant.authToken?.reveal() == token)
        #expect(tenant.promptSource.inbound == .init(instructions: "Be brief."))
        #expect(tenant.promptSource.outbound == nil)
        #expect(!tenant.recordingEnabled)
        #expect(tenant.fallback == .text("Sorry."))
    }

    @Test(arguments: ["+15005550002", "15005550001", "", "anonymous", "+150055500010"])
    func `S26 a number of nobody has no tenant`(number: String) throws {
        #expect(try parse(smallest).tenant(forNumber: number) == nil)
    }

    @Test func `the example is right and holds every field`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Examples/media-bridge.yaml").path
        let environment = ["OPENAI_API_KEY": "sk-1", "TWILIO_AUTH_TOKEN": token, "CLINIC_API_KEY": "c-1"]
        let configuration = try ServiceConfiguration.load(file: file, environment: environment)
        #expect(configuration.model.kind == .openai && configuration.model.apiKey?.reveal() == "sk-1")
        #expect(configuration.publicListener.publicURL == "https://voice.example.com")
        #expect(configuration.tenants.map(\.language) == ["en", "he"])
        #expect(configuration.tenants[1].inbound?.greeting == "שלום, הגעתם למרפאה. במה אפשר לעזור?")

        // Every field that `config print` knows stands in the example, at least as a comment.
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for line in configuration.effectiveYAML().split(separator: "\n") {
            guard let name = line.firstMatch(of: /^[ -]*([A-Za-z]+):/)?.1 else { continue }
            #expect(text.contains("\(name):"), "\(name)")
        }
        // What the example calls defaults are the defaults.
        var plain = ServiceConfiguration()
        plain.model = configuration.model
        (plain.model.kind, plain.model.apiKey) = (.local, nil)
        #expect(plain.model == ModelConfiguration())
        #expect(configuration.limits == LimitConfiguration() && configuration.twilio == TwilioConfiguration())
        #expect(configuration.telemetry == TelemetryConfiguration())
    }

    @Test func `what is printed reads back the same`() throws {
        let yaml =
            smallest + """
                admin: {host: 10.0.0.1, token: "${ADMIN}"}
                model: {kind: openai, apiKey: "${KEY}", transcriptionModel: none, turnDetection: {threshold: 0.25}}
                limits: {maximumCallsPerTenant: 7}
                agent: {chat: {url: "http://127.0.0.1:1/v1", model: m}}
                """
        let environment = ["TOKEN": token, "ADMIN": "admin-secret", "KEY": "sk-secret"]
        var configuration = try parse(yaml, environment: environment)
        configuration.tenants[0].inbound = .init(
            instructions: "First \"line\".\nשורה שנייה: כן, #לא\n\nlast 🙂", greeting: "שלום: 'hi'")
        configuration.tenants[0].echoAware = false
        let printed = configuration.effectiveYAML()
        #expect(try parse(printed, environment: environment) == configuration)
        #expect(printed.contains("${KEY}"))
        for secret in environment.values { #expect(!printed.contains(secret)) }
        #expect(printed.contains("שורה שנייה"))
        #expect(configuration.effectiveYAML(redactingSecrets: false).contains("sk-secret"))
    }

    @Test func `a secret shows nowhere`() throws {
        let configuration = try parse(smallest)
        #expect(!"\(configuration)".contains(token))
        #expect(!String(reflecting: configuration).contains(token))
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains(token))
    }

    @Test func `the embedded defaults answer on loopback only`() throws {
        let configuration = ServiceConfiguration.embeddedDefaults(storePath: "/tmp/x.sqlite")
        #expect(configuration.publicListener.host == "127.0.0.1" && configuration.adminListener.isLoopback)
        #expect(configuration.model.kind == .local)
        #expect(configuration.storePath == "/tmp/x.sqlite")
        #expect(configuration.tenant(forNumber: ServiceConfiguration.demoNumber)?.id == "demo")
        #expect(configuration.twilio.verifySignatures)
    }

    @Test func `a tenant's times become its conversation's policy`() throws {
        let configuration = try parse(
            smallest + "    silenceSeconds: 9\n    maximumMinutes: 2\n    turns: model\n    allowInterruptions: false\n"
                + "    echoAware: false\n"
        )
        let policy = try #require(configuration.tenants.first).conversationPolicy
        #expect(policy.silenceMilliseconds == 9_000 && policy.maximumDurationMilliseconds == 120_000)
        #expect(policy.turns == .model && !policy.allowInterruptions)
        #expect(!configuration.tenants[0].echoAware)
    }
}
