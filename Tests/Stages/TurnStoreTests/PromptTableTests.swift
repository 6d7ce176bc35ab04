import Conversation
import Testing
import TurnStore

@Suite struct `Prompt table` {
    private static func prompt(_ instructions: String, caller: String = "") throws -> SessionPrompt {
        try PromptBuilder().build(
            from: PromptSource(
                inbound: .init(instructions: instructions, greeting: "שלום"), language: "he",
                tools: [.init(name: "look_up", description: "Looks.", filler: "One moment.")],
                vocabulary: ["ריטלין", "Dr. Cohen"]),
            direction: .inbound, today: "Sunday", callerContext: caller)
    }

    @Test func `S70 an old call's hash finds what it was told, without the date and the caller`() throws {
        let directory = try TemporaryDirectory()
        let store = try TurnStore(path: directory.file("store.sqlite"))
        defer { store.close() }
        let prompt = try Self.prompt("You sell tea.", caller: "Anna")
        let first = StoredPrompt(prompt, tenant: "tea", at: 7)
        #expect(store.appendAndWait(.prompt(first)) == .committed(isNew: true, statusChanged: false))
        // What stands there stays.
        _ = store.appendAndWait(.prompt(StoredPrompt(prompt, tenant: "tea", at: 9)))
        let edited = try Self.prompt("You sell coffee.")
        _ = store.appendAndWait(.prompt(StoredPrompt(edited, tenant: "tea", at: 11)))

        let found = try #require(try store.reader.prompt(tenant: "tea", hash: prompt.hash))
        #expect(found == first)
        #expect(found.layers.map(\.part) == ["universal", "direction", "language"])
        #expect(!"\(found)".contains("Anna") && !"\(found)".contains("Sunday"))
        #expect(found.transcription == prompt.transcription)
        #expect(found.tools.map(\.name) == ["end_call", "look_up"] && found.tools[1].filler == "One moment.")
        let hashes = try store.reader.prompts().map(\.hash)
        #expect(hashes == [edited.hash, prompt.hash])
    }

    @Test func `R13 the same hash under another tenant's name is nobody else's text`() throws {
        let directory = try TemporaryDirectory()
        let store = try TurnStore(path: directory.file("store.sqlite"))
        defer { store.close() }
        let prompt = try Self.prompt("You sell tea.")
        _ = store.appendAndWait(.prompt(StoredPrompt(prompt, tenant: "tea", at: 7)))
        #expect(try store.reader.prompt(tenant: "salon", hash: prompt.hash) == nil)
        #expect(try store.reader.prompts(hashPrefix: String(prompt.hash.prefix(4))).count == 1)
        #expect(try store.reader.prompts(hashPrefix: "%").isEmpty)
        #expect(try store.reader.prompts(tenant: "salon").isEmpty)
    }
}
