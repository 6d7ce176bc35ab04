import Configuration
import Conversation
import Testing

@Suite struct `Turn-taking settings` {
    private func tenant(_ fields: String) throws(ConfigurationError) -> Tenant {
        try parse(smallest + fields).tenants[0]
    }
    private func problem(_ fields: String, model: String = "") -> String {
        do {
            _ = try parse(smallest + fields + model)
            return ""
        } catch { return error.problems.map(\.description).joined(separator: "\n") }
    }

    @Test func `every field reaches the conversation's policy, and is printed as it was read`() throws {
        let yaml = """
                turns: ours
                greetingProtectionMilliseconds: 700
                allowInterruptions: false
                confirmationMilliseconds: 300
                protectedMessages: [This call may be recorded]
                backchannels: [mhmm, uh-huh]
                minimumWords: 2
                briefSpeechMilliseconds: 900
                wordsWaitMilliseconds: 250
                lateWords: interrupt
                keepBackchannels: true
                silenceSeconds: 9
                silencePrompts: 3
                silencePrompt: "Hello?"
                silenceGoodbye: "Bye."
                answeringMachine: leaveMessage
                answeringMachineMessage: "Please ${call} back."

            """
        let policy = try tenant(yaml).conversationPolicy
        var expected = ConversationPolicy()
        expected.greetingProtectionMilliseconds = 700
        expected.allowInterruptions = false
        (expected.confirmInterruptionMilliseconds, expected.agreementMilliseconds) = (540, 340)
        expected.protectedMessages = ["this call may be recorded"]
        expected.backchannels = ["mhmm", "uh huh"]
        expected.minimumWords = 2
        (expected.briefSpeechMilliseconds, expected.wordsWaitMilliseconds) = (900, 250)
        (expected.lateWords, expected.keepsBackchannels) = (.interrupt, true)
        (expected.silenceMilliseconds, expected.silencePrompts) = (9_000, 3)
        (expected.silencePromptText, expected.silenceGoodbyeText) = ("Hello?", "Bye.")
        (expected.answeringMachine, expected.answeringMachineMessage) = (.leaveMessage, "Please ${call} back.")
        expected.fallbackText = "Sorry."
        #expect(policy == expected)
        let configuration = try parse(smallest + yaml)
        #expect(try parse(configuration.effectiveYAML()) == configuration)
    }

    @Test func `a tenant who says nothing gets the conversation's own defaults`() throws {
        var expected = ConversationPolicy()
        expected.fallbackText = "Sorry."
        #expect(try tenant("").conversationPolicy == expected)
    }

    @Test(arguments: [
        ("    backchannels: [ok]\n    turns: model\n", "tenants[0].backchannels: needs `turns: ours`"),
        ("    minimumWords: 2\n    turns: model\n", "tenants[0].minimumWords: needs `turns: ours`"),
        ("    backchannels: [\"...\"]\n", "tenants[0].backchannels[0]: no word in it"),
        ("    answeringMachine: leaveMessage\n", "tenants[0].answeringMachine: `leaveMessage` needs"),
        ("    answeringMachineMessage: Hi\n", "tenants[0].answeringMachineMessage: is only said with"),
        ("    answeringMachine: leave\n", "`leave` does not fit; one of ignore, hangUp, leaveMessage was expected"),
        ("    lateWords: never\n", "`never` does not fit; one of resume, interrupt was expected"),
        ("    silencePrompts: 9\n", "tenants[0].silencePrompts: 9 is out of range; a whole number from 0 to 5"),
        ("    confirmationMilliseconds: 20\n", "20 is out of range; a whole number from 60 to 1000 was expected"),
        ("    backchanels: [ok]\n", "tenants[0].backchanels: unknown field; did you mean `backchannels`?"),
    ])
    func `what does not fit is refused, by field and reason`(fields: String, message: String) {
        #expect(problem(fields).contains(message), "\(problem(fields))")
    }

    @Test func `words are asked for only where somebody transcribes`() {
        let model = "model: {transcriptionModel: none}\n"
        #expect(problem("    backchannels: [ok]\n", model: model).contains("`model.transcriptionModel` is none"))
        #expect(problem("", model: model) == "")
    }
}
