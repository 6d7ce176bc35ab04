@testable import Conversation
import Testing

@Suite struct `Prompt builder` {
    private let builder = PromptBuilder(rules: "Be short.")
    private let hebrew = PromptSource(
        inbound: .init(instructions: "את מוכרת תה.", greeting: "שלום, בית התה."), language: "he", voice: "marin",
        timeZone: "UTC+02:00")

    @Test func `puts rules, script, language and date in one place, right-to-left text intact`() throws {
        let prompt = try builder.build(from: hebrew, direction: .inbound, today: "Sunday, 22 November 2026")
        #expect(
            prompt.instructions == """
                Be short.

                את מוכרת תה.

                Answer in Hebrew, unless the caller asks for another language.

                Today is Sunday, 22 November 2026 (UTC+02:00).
                """)
        #expect(prompt.greeting == "שלום, בית התה.")
        #expect(prompt.greetingRequest.hasSuffix("שלום, בית התה."))
    }

    @Test func `R13 no direction borrows the other's words`() {
        #expect(throws: PromptError.nothingWritten(for: .outbound)) {
            try builder.build(from: hebrew, direction: .outbound)
        }
    }

    @Test func `end_call is always there, once`() throws {
        var source = hebrew
        source.tools = [.init(name: "end_call", description: "another"), .init(name: "look_up", description: "")]
        let prompt = try builder.build(from: source, direction: .inbound)
        #expect(prompt.tools.map(\.name) == ["end_call", "look_up"])
        #expect(prompt.tools[0] == .endCall)
    }

    @Test func `S70 the hash tells revisions apart, and not dates or callers`() throws {
        let one = try builder.build(from: hebrew, direction: .inbound)
        let later = try builder.build(from: hebrew, direction: .inbound, today: "Monday", callerContext: "Anna")
        #expect(one.hash == later.hash)
        #expect(one.hash.count == 16)
        var edits: [PromptSource] = []
        for edit in 0..<9 {
            var source = hebrew
            switch edit {
            case 0: source.inbound?.instructions += "."
            case 1: source.inbound?.greeting = ""
            case 2: source.language = "en"
            case 3: source.voice = "cedar"
            case 4: source.timeZone = "UTC"
            case 5: source.vocabulary = ["Assam"]
            case 6: source.languageRules["he"] = "בלשון נקבה."
            case 7: source.inbound?.channels[.calls] = .init(instructions: "Hurry.")
            default: source.tools = [.init(name: "a", description: "b")]
            }
            edits.append(source)
        }
        let hashes = try edits.map { try builder.build(from: $0, direction: .inbound).hash }
        #expect(Set(hashes + [one.hash]).count == 10)
        let revisions = (edits + [hebrew]).map { PromptEdition(tenant: "tea", source: $0).revision }
        #expect(Set(revisions).count == 10)
        #expect(PromptEdition(tenant: "tea", source: hebrew).revision == revisions.last)
        // What this call does not use changes the revision, and not the hash of its prompt.
        var other = hebrew
        other.outbound = .init(instructions: "Sell more.")
        #expect(try builder.build(from: other, direction: .inbound).hash == one.hash)
        #expect(PromptEdition(tenant: "tea", source: other).revision != revisions.last)
    }

    @Test func `the digest is FNV-1a, and words moved between fields change it`() {
        var empty = PromptDigest()
        #expect(empty.hexadecimal == "cbf29ce484222325")
        empty.add("")
        var left = PromptDigest()
        var right = PromptDigest()
        for text in ["ab", "c"] { left.add(text) }
        for text in ["a", "bc"] { right.add(text) }
        #expect(left.hexadecimal != right.hexadecimal)
    }

    @Test func `the caller's data stays out of the instructions`() throws {
        let prompt = try builder.build(from: hebrew, direction: .inbound, callerContext: "Anna, card 1234")
        #expect(!prompt.instructions.contains("Anna"))
        #expect(prompt.callerContext == "Anna, card 1234")
    }

    @Test func `an unknown language is named by its code`() {
        #expect(PromptBuilder.languageRule("xx").contains("code xx"))
        #expect(PromptBuilder.languageRule("") == "")
    }
}
