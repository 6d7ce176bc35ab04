import Dispatch
import Synchronization
import Testing

@testable import Conversation

@Suite struct `Prompt cache` {
    private static func edition(_ tenant: String, _ instructions: String) -> PromptEdition {
        PromptEdition(
            tenant: tenant,
            source: PromptSource(
                inbound: .init(instructions: instructions, greeting: "Hello from \(tenant)."), language: "en"))
    }
    private let tea = edition("tea", "You sell tea.")

    @Test func `what was built is there the next time`() throws {
        let cache = PromptCache()
        var built: [SessionPrompt] = []
        func ask(_ today: () -> String) throws -> SessionPrompt {
            try cache.prompt(of: tea, direction: .inbound, day: 1, today: today) { built.append($0) }
        }
        let first = try ask { "Monday" }
        let second = try ask {
            Issue.record("today is asked for when a prompt is built")
            return ""
        }
        #expect(first == second && built == [first])
        let figures = cache.statistics
        #expect(figures.hits == 1 && figures.misses == 1 && figures.entries == 1 && figures.hitRate == 0.5)
        #expect(try first == PromptBuilder().build(from: tea.source, direction: .inbound, today: "Monday"))
    }

    @Test func `S70 a new revision is used at once, the old one is let go, and who has it keeps it`() throws {
        let cache = PromptCache()
        let old = try cache.prompt(of: tea, direction: .inbound, day: 1, today: { "Monday" })
        let edited = Self.edition("tea", "You sell coffee.")
        let new = try cache.prompt(of: edited, direction: .inbound, day: 1, today: { "Monday" })
        #expect(old.instructions.contains("tea.") && new.instructions.contains("coffee."))
        #expect(old.hash != new.hash)
        #expect(cache.statistics.entries == 1 && cache.statistics.superseded == 1)
        // The edit is taken back.
        #expect(try cache.prompt(of: tea, direction: .inbound, day: 1, today: { "Monday" }) == old)
    }

    @Test func `S69 tenants, directions, channels and languages never share an entry`() throws {
        let cache = PromptCache()
        var source = tea.source
        source.outbound = .init(instructions: "You ask how the tea was.")
        // The same words, hence the same revision and the same hash, and still two entries.
        let (one, two) = (PromptEdition(tenant: "one", source: source), PromptEdition(tenant: "two", source: source))
        #expect(one.revision == two.revision)
        for edition in [one, two] {
            for direction in CallDirection.allCases {
                for channel in [PromptChannel.calls, .whatsapp] {
                    for language in ["en", "he"] {
                        let prompt = try cache.prompt(
                            of: edition, direction: direction, channel: channel, language: language, day: 1,
                            today: { "Monday" })
                        #expect(prompt.direction == direction && prompt.channel == channel)
                        #expect(prompt.language == language)
                    }
                }
            }
        }
        #expect(cache.statistics.misses == 16 && cache.statistics.entries == 16 && cache.statistics.hits == 0)
    }

    @Test func `R13 what is known of a caller is never kept`() throws {
        let cache = PromptCache()
        func ask(_ context: String) throws -> SessionPrompt {
            try cache.prompt(of: tea, direction: .inbound, day: 1, today: { "Monday" }, callerContext: context) {
                #expect($0.callerContext.isEmpty)
            }
        }
        #expect(try ask("Anna, card 1234").callerContext == "Anna, card 1234")
        #expect(try ask("").callerContext == "")
        #expect(try ask("Ben").callerContext == "Ben")
        #expect(throws: PromptError.tooLong(.caller, bytes: 5_000)) { try ask(String(repeating: "x", count: 5_000)) }
        #expect(cache.statistics.misses == 1)
    }

    @Test func `today is of today: the next day is built anew`() throws {
        let cache = PromptCache()
        for (day, name) in [(1, "Monday"), (1, "Monday"), (2, "Tuesday"), (2, "Tuesday"), (3, "Wednesday")] {
            let prompt = try cache.prompt(of: tea, direction: .inbound, day: day, today: { name })
            #expect(prompt.instructions.hasSuffix("Today is \(name) (UTC)."))
        }
        let figures = cache.statistics
        #expect(figures.misses == 3 && figures.dayChanges == 2 && figures.entries == 1)
    }

    @Test func `a stampede builds once`() throws {
        for _ in 0..<20 {
            let built = Atomic(0)
            let asked = Atomic(0)
            let cache = PromptCache()
            @Sendable func today() -> String {
                asked.add(1, ordering: .relaxed)
                return "Monday"
            }
            DispatchQueue.concurrentPerform(iterations: 64) { _ in
                let prompt = try? cache.prompt(of: tea, direction: .inbound, day: 1, today: today) { _ in
                    built.add(1, ordering: .relaxed)
                }
                #expect(prompt?.greeting == "Hello from tea.")
            }
            #expect(built.load(ordering: .relaxed) == 1 && asked.load(ordering: .relaxed) == 1)
            #expect(cache.statistics.misses == 1 && cache.statistics.hits == 63)
        }
    }

    @Test func `it is bounded, and what was not used the longest goes`() throws {
        let cache = PromptCache(capacity: 3)
        let editions = (0..<5).map { Self.edition("t\($0)", "You are number \($0).") }
        func ask(_ index: Int) throws {
            _ = try cache.prompt(of: editions[index], direction: .inbound, day: 1, today: { "" })
        }
        for index in [0, 1, 2, 0, 3, 0, 4] { try ask(index) }
        #expect(cache.statistics.entries == 3 && cache.statistics.evictions == 2)
        let before = cache.statistics.misses
        for index in [0, 3, 4] { try ask(index) }
        #expect(cache.statistics.misses == before)
        cache.forget(tenant: "t0")
        try ask(0)
        #expect(cache.statistics.misses == before + 1)
    }

    @Test func `what cannot be built is told each time, and counted`() throws {
        let cache = PromptCache()
        for _ in 0..<3 {
            #expect(throws: PromptError.nothingWritten(for: .outbound)) {
                try cache.prompt(of: tea, direction: .outbound, day: 1, today: { "" })
            }
        }
        #expect(cache.statistics.failures == 3 && cache.statistics.misses == 0 && cache.statistics.hitRate == nil)
    }
}
