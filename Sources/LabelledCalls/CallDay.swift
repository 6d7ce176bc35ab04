public import Conversation

/// A day of calls as they ask for their prompts, in virtual time and from a seed: who calls whom, when, in which direction,
/// on which channel, in which language, and when tenants edit what they wrote.
///
/// Calls follow a working day in the tenant's time zone (most from nine to five, a tenth at night); tenants are of unequal
/// size (the n-th has 1/n of the first one's calls). The day is 24 hours of UTC, so that each tenant but those in UTC sees
/// its midnight in the middle of it.
public struct CallDay: Sendable {
    /// The mix, in parts of a hundred where nothing else is said.
    public struct Mix: Sendable {
        public var name: String
        public var tenants: Int
        public var calls: Int
        public var outbound = 15
        public var whatsapp = 8
        /// Of calls whose language is known beforehand and is not the tenant's.
        public var otherLanguage = 5
        /// Of tenants, on the day.
        public var edits = 1.5
        public var capacity = 1_024

        public init(_ name: String, tenants: Int, calls: Int) {
            (self.name, self.tenants, self.calls) = (name, tenants, calls)
        }
    }

    /// What is measured: a practice, a provider, a large one.
    public static let mixes: [Mix] = [
        Mix("one practice", tenants: 1, calls: 120), Mix("a provider", tenants: 40, calls: 8_000),
        Mix("a large provider", tenants: 400, calls: 60_000),
    ]

    private struct Ask {
        var second: Int
        var tenant: Int
        /// Nil: an edit.
        var call: (direction: CallDirection, channel: PromptChannel, language: String?)?
    }

    private let mix: Mix
    private let asks: [Ask]

    public init(_ mix: Mix, seed: UInt64) {
        self.mix = mix
        var random = SeededRandom(seed)
        var asks: [Ask] = []
        // Cumulative weights of the tenants.
        var total = 0.0
        let weights = (0..<mix.tenants).map { index in
            total += 1 / Double(index + 1)
            return total
        }
        func share(_ percent: Int) -> Bool { Double.random(in: 0..<100, using: &random) < Double(percent) }
        func second(of tenant: Int) -> Int {
            let hour = share(10) ? Double.random(in: 0..<24, using: &random) : Double.random(in: 9..<17, using: &random)
            let local = Int(hour * 3_600) - Self.offset(of: tenant)
            return (local + 86_400) % 86_400
        }
        for _ in 0..<mix.calls {
            let point = Double.random(in: 0..<total, using: &random)
            let tenant = weights.firstIndex { point < $0 } ?? 0
            asks.append(
                Ask(
                    second: second(of: tenant), tenant: tenant,
                    call: (
                        share(mix.outbound) ? .outbound : .inbound, share(mix.whatsapp) ? .whatsapp : .calls,
                        share(mix.otherLanguage) ? "he" : nil
                    )))
        }
        for tenant in 0..<mix.tenants {
            // One and a half edits on average: one each, and a second one for half of them.
            var edits = mix.edits
            while edits > 0 {
                if edits >= 1 || Double.random(in: 0..<1, using: &random) < edits {
                    asks.append(Ask(second: second(of: tenant), tenant: tenant, call: nil))
                }
                edits -= 1
            }
        }
        self.asks = asks.enumerated().sorted { ($0.element.second, $0.offset) < ($1.element.second, $1.offset) }
            .map(\.element)
    }

    /// Runs the day against an empty cache, as after a restart at midnight UTC.
    public func run() throws(PromptError) -> PromptCache.Statistics {
        let cache = PromptCache(capacity: mix.capacity)
        var editions = (0..<mix.tenants).map { Self.edition($0, edit: 0) }
        var edits = [Int](repeating: 0, count: mix.tenants)
        for ask in asks {
            let day = (ask.second + Self.offset(of: ask.tenant) + 86_400) / 86_400
            guard let call = ask.call else {
                edits[ask.tenant] += 1
                editions[ask.tenant] = Self.edition(ask.tenant, edit: edits[ask.tenant])
                cache.renew(editions[ask.tenant], day: day, today: { "day \(day)" })
                continue
            }
            _ = try cache.prompt(
                of: editions[ask.tenant], direction: call.direction, channel: call.channel, language: call.language,
                day: day, today: { "day \(day)" })
        }
        return cache.statistics
    }

    /// Seconds east of UTC: -8 to +8 hours.
    private static func offset(of tenant: Int) -> Int { (tenant * 5 % 17 - 8) * 3_600 }

    /// Two kilobytes of instructions in each direction.
    public static func edition(_ tenant: Int, edit: Int) -> PromptEdition {
        let rules = (0..<20).map {
            "Rule \($0) of edit \(edit): tell callers of business \(tenant) what they asked, in a sentence or two, kindly."
        }.joined(separator: "\n")
        return PromptEdition(
            tenant: "tenant-\(tenant)",
            source: PromptSource(
                inbound: .init(instructions: rules, greeting: "Hello, this is business \(tenant)."),
                outbound: .init(
                    instructions: "You call back. " + rules, greeting: "Good day, this is business \(tenant)."),
                language: "en", timeZone: "UTC",
                tools: (0..<4).map { ToolDefinition(name: "tool_\($0)", description: "Looks something up.") },
                vocabulary: (0..<20).map { "Name\($0)" }))
    }
}
