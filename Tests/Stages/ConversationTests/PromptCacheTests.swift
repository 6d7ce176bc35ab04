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

    @Test func `S70 a taken edit builds what calls have asked for, of that tenant and those hours alone`() throws {
        let cache = PromptCache()
        func ask(_ edition: PromptEdition, _ language: String, day: Int = 1) throws -> SessionPrompt {
            try cache.prompt(of: edition, direction: .inbound, language: language, day: day, today: { "Monday" })
        }
        let closed = PromptEdition(tenant: "tea", source: tea.source, isOutsideHours: true)
        let other = Self.edition("other", "You sell tea.")
        for language in ["en", "he"] { _ = try ask(tea, language) }
        _ = (try ask(closed, "en"), try ask(other, "en"))
        let edited = Self.edition("tea", "You sell coffee.")
        var built: [SessionPrompt] = []
        cache.renew(edited, day: 2, today: { "Tuesday" }) { built.append($0) }
        #expect(built.count == 2 && built.allSatisfy { $0.instructions.contains("coffee.") })
        #expect(cache.statistics.renewals == 2 && cache.statistics.superseded == 2 && cache.statistics.entries == 4)
        let misses = cache.statistics.misses
        for language in ["en", "he"] {
            let prompt = try ask(edited, language, day: 2)
            #expect(
                try prompt
                    == PromptBuilder().build(
                        from: edited.source, direction: .inbound, language: language, today: "Tuesday"))
        }
        // Opening and closing time throw nothing out.
        for _ in 0..<3 { _ = (try ask(closed, "en"), try ask(edited, "en", day: 2)) }
        _ = try ask(other, "en")
        #expect(cache.statistics.misses == misses)
        // Nothing older is there any more; again it builds nothing.
        cache.renew(edited, day: 2, today: { "Tuesday" }) { built.append($0) }
        #expect(built.count == 2)
        // A direction that the edit takes away is not built, and calls hear why.
        let silent = PromptEdition(
            tenant: "tea", source: PromptSource(outbound: .init(instructions: "x"), language: "en"))
        cache.renew(silent, day: 2, today: { "Tuesday" }) { built.append($0) }
        #expect(built.count == 2 && cache.statistics.failures == 0)
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

    @Test func `today is of today: the next day changes its own layer and nothing else, whatever order days come in`()
        throws
    {
        let cache = PromptCache()
        var told: [String] = []
        let days = [(1, "Monday"), (1, "Monday"), (2, "Tuesday"), (2, "Tuesday"), (3, "Wednesday"), (1, "Monday")]
        for (day, name) in days {
            let prompt = try cache.prompt(
                of: tea, direction: .inbound, day: day, today: { name }, callerContext: "Anna"
            ) { told.append($0.instructions) }
            #expect(prompt.instructions.hasSuffix("Today is \(name) (UTC)."))
            // Layer for layer what would have been built.
            #expect(
                try prompt
                    == PromptBuilder().build(from: tea.source, direction: .inbound, today: name, callerContext: "Anna"))
        }
        let figures = cache.statistics
        #expect(figures.misses == 1 && figures.hits == 5 && figures.dayChanges == 3 && figures.entries == 1)
        // Whoever keeps the texts hears of them again each day, and nothing of the caller.
        #expect(told.count == 4 && told.allSatisfy { !$0.contains("Anna") })
    }

    @Test func `a day that makes a prompt too long is an error each time, and the day before stays`() throws {
        let cache = PromptCache()
        func ask(_ day: Int, _ today: String) throws -> SessionPrompt {
            try cache.prompt(of: tea, direction: .inbound, day: day, today: { today })
        }
        _ = try ask(1, "Monday")
        for _ in 0..<2 {
            #expect(throws: PromptError.self) { try ask(2, String(repeating: "x", count: 200)) }
        }
        #expect(try ask(1, "never asked").instructions.hasSuffix("Today is Monday (UTC)."))
        #expect(cache.statistics.failures == 2 && cache.statistics.dayChanges == 0)
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
