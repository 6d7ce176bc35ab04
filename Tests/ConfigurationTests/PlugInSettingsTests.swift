import Configuration
import Conversation
import Testing

@Suite struct `Stages that are plugged in` {
    private static let environment = ["TOKEN": token, "KEY": "dg-key-4711"]
    private func problem(_ stages: String) -> String {
        do {
            _ = try parse(smallest + "stages: {\(stages)}\n", environment: Self.environment)
            return ""
        } catch { return error.description }
    }

    @Test func `a recogniser's key is read from its variable, and never printed`() throws {
        let configuration = try parse(
            smallest + """
                    recognizer: words
                stages:
                  recognizers:
                    - name: words
                      engine: deepgram
                      apiKey: ${KEY}
                      options: {language: de}

                """, environment: Self.environment)
        let words = try #require(configuration.stages.recognizers.first)
        #expect(words.door == .engine("deepgram") && words.apiKey?.reveal() == "dg-key-4711")
        #expect(words.options == ["language": "de"] && configuration.tenants[0].recognizer == "words")
        let printed = configuration.effectiveYAML()
        #expect(printed.contains("${KEY}") && !printed.contains("4711"))
        #expect(try parse(printed, environment: Self.environment).stages == configuration.stages)
        #expect(try parse(printed, environment: Self.environment).tenants == configuration.tenants)
    }

    @Test func `a call that is only listened to needs a recogniser, and no words for an agent`() throws {
        let listening = smallest.replacing(
            "    inbound:\n      instructions: Be brief.\n", with: "    mode: transcribe\n    recognizer: words\n")
        let tenant = try parse(listening, environment: Self.environment).tenants[0]
        #expect(tenant.mode == .transcribe && tenant.conversationPolicy.mode == .transcribe)
        #expect(tenant.inbound != nil)
        for (field, expected) in [
            ("mode: transcribe", "recognizer: is missing"),
            ("mode: eavesdrop", "one of agent, transcribe was expected"),
            ("mode: transcribe\n    recognizer: x\n    warmSession: true", "warmSession: is a model's"),
            (
                "mode: transcribe\n    recognizer: x\n    recording: {notice: Recorded.}",
                "notice: is spoken by the agent"
            ),
        ] {
            do {
                _ = try parse(smallest + "    \(field)\n", environment: Self.environment)
                Issue.record("\(field) was taken")
            } catch { #expect(error.description.contains(expected), "\(error)") }
        }
    }

    @Test(arguments: [
        ("recognizers: [{name: x, engine: deepgram, apiKey: hunter2}]", "a secret is not written here"),
        ("recognizers: [{name: x, url: \"ws://h\", apiKey: \"${KEY}\"}]", "apiKey: is of an `engine` alone"),
        ("detectors: [{name: x, engine: energy, apiKey: \"${KEY}\"}]", "apiKey: is of recognisers alone"),
        ("recognizers: [{name: x, engine: deepgram, options: {apiKey: k}}]", "apiKey: is no option"),
    ])
    func `a key in the wrong place is refused, by its field`(stages: String, expected: String) {
        #expect(problem(stages).contains(expected), "\(problem(stages))")
        #expect(!problem(stages).contains("hunter2") || stages.contains("options"))
    }
}
