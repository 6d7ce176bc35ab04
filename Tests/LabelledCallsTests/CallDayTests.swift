import Conversation
import LabelledCalls
import Testing

@Suite struct `A day of calls` {
    private func run(_ name: String, seed: UInt64) throws -> PromptCache.Statistics {
        let mix = try #require(CallDay.mixes.first { $0.name == name })
        let figures = try CallDay(mix, seed: seed).run()
        #expect(Int(figures.hits + figures.misses) == mix.calls && figures.failures == 0)
        // The day has edits and, where a tenant is not in UTC, a midnight.
        #expect(figures.superseded > 0 && figures.dayChanges > 0)
        return figures
    }

    @Test(arguments: 1...UInt64(3)) func `more than nine of ten prompts are there already`(seed: UInt64) throws {
        let figures = try run("a provider", seed: seed)
        #expect(try #require(figures.hitRate) > 0.9, "\(figures)")
    }

    /// 120 calls share eight kinds of prompt: only the first of a kind builds it, whatever midnight and edits do.
    @Test(arguments: 1...UInt64(20)) func `also in one practice`(seed: UInt64) throws {
        let figures = try run("one practice", seed: seed)
        #expect(try #require(figures.hitRate) > 0.9 && figures.misses <= 8, "\(figures)")
    }

    @Test func `a seed is a day`() throws {
        let mix = CallDay.Mix("small", tenants: 5, calls: 400)
        #expect(try CallDay(mix, seed: 7).run() == CallDay(mix, seed: 7).run())
    }

    @Test func `a cache that is too small shows it`() throws {
        var mix = CallDay.Mix("crowded", tenants: 40, calls: 2_000)
        mix.capacity = 10
        let figures = try CallDay(mix, seed: 1).run()
        #expect(figures.evictions > 100 && (figures.hitRate ?? 1) < 0.9, "\(figures)")
    }
}
