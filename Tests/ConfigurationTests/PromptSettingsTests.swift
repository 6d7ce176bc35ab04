import Configuration
import Conversation
import Testing

@Suite struct `Prompts of a tenant` {
    private static let channels = """
              channels:
                whatsapp:
                  instructions: Offer delivery. ${PRICE} is no variable.
                  greeting: Hello on WhatsApp.
                sip: {instructions: It is the office.}
        """
    private static func yaml(channels: String = channels, more: String = "") -> String {
        smallest.replacing("      instructions: Be brief.", with: "      instructions: Be brief.\n\(channels)") + more
    }
    private static let more = """
            vocabulary: [Dr. Cohen, ריטלין]
            languageRules:
              he: בלשון נקבה.
              en: Spell it out.

        """

    @Test func `channels, vocabulary and language rules are read, printed, and read back`() throws {
        let configuration = try parse(Self.yaml(more: Self.more))
        let source = configuration.tenants[0].promptSource
        let script = try #require(source.inbound)
        #expect(script.channels[.whatsapp]?.greeting == "Hello on WhatsApp.")
        #expect(script.channels[.whatsapp]?.instructions == "Offer delivery. ${PRICE} is no variable.")
        #expect(script.channels[PromptChannel(rawValue: "sip")] == .init(instructions: "It is the office."))
        #expect(source.vocabulary == ["Dr. Cohen", "ריטלין"])
        #expect(source.languageRules == ["he": "בלשון נקבה.", "en": "Spell it out."])
        #expect(try parse(configuration.effectiveYAML()) == configuration)
        #expect(try parse(smallest).tenants[0].prompts == PromptSettings())
    }

    private func problems(_ yaml: String) -> [String] {
        do {
            _ = try parse(yaml)
            return []
        } catch { return error.problems.map(\.description) }
    }

    @Test func `what is too long is reported where it is written, with its size and its limit`() {
        let long = String(repeating: "x", count: 30_000)
        let tooLong = problems(smallest.replacing("Be brief.", with: long))
        #expect(
            tooLong == [
                "x.yaml:7:21: tenants[0].inbound.instructions: the prompt's direction part has 30000 bytes; at most 24576 were expected"
            ])
        let greeting = String(repeating: "ש", count: 1_100)
        #expect(
            problems(Self.yaml(channels: "      channels: {whatsapp: {greeting: \(greeting)}}")) == [
                "x.yaml:8:39: tenants[0].inbound.channels.whatsapp.greeting: the prompt's greeting part has 2200 bytes; at most 2048 were expected"
            ])
        #expect(
            problems(smallest + "    languageRules: {he: \(long)}\n") == [
                "x.yaml:10:25: tenants[0].languageRules.he: the prompt's language part has 30063 bytes; at most 4096 were expected"
            ])
        #expect(
            problems(smallest + "    vocabulary: [\(long)]\n") == [
                "x.yaml:10:17: tenants[0].vocabulary: the prompt's vocabulary part has 30000 bytes; at most 2048 were expected"
            ])
    }

    @Test func `names that are none are refused`() {
        #expect(problems(smallest + "    languageRules: {hebrew: a}\n").first?.contains("languageRules.hebrew") == true)
        #expect(
            problems(Self.yaml(channels: "      channels: {Whats App: {greeting: a}}")).first?
                .contains("inbound.channels.Whats App: does not fit; small letters") == true)
        #expect(
            problems(Self.yaml(channels: "      channels: {whatsapp: {greting: a}}")).first?
                .contains("did you mean `greeting`") == true)
    }
}
