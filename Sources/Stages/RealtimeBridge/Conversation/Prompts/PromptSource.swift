/// What a tenant wrote for its agent: the only source of prompts.
public struct PromptSource: Sendable, Equatable {
    /// One direction's words. They never stand in for the other direction's (R13).
    public struct Script: Sendable, Equatable {
        public var instructions: String
        public var greeting: String
        /// What is added on one channel.
        public var channels: [PromptChannel: ChannelScript]
        public init(
            instructions: String, greeting: String = "", channels: [PromptChannel: ChannelScript] = [:]
        ) {
            (self.instructions, self.greeting, self.channels) = (instructions, greeting, channels)
        }
    }

    /// What one direction adds on one channel.
    public struct ChannelScript: Sendable, Equatable {
        public var instructions: String
        /// Instead of the direction's; nil: that one.
        public var greeting: String?
        public init(instructions: String = "", greeting: String? = nil) {
            (self.instructions, self.greeting) = (instructions, greeting)
        }
    }

    public var inbound: Script?
    public var outbound: Script?
    /// ISO 639-1.
    public var language: String
    public var voice: String
    /// As a person writes it, for example `UTC+02:00`.
    public var timeZone: String
    public var tools: [ToolDefinition]
    /// Words that speech-to-text should expect: names, products, places.
    public var vocabulary: [String]
    /// Rules of the tenant's for calls in one language, by its ISO 639-1 code.
    public var languageRules: [String: String]

    public init(
        inbound: Script? = nil, outbound: Script? = nil, language: String = "en", voice: String = "marin",
        timeZone: String = "UTC", tools: [ToolDefinition] = [], vocabulary: [String] = [],
        languageRules: [String: String] = [:]
    ) {
        (self.inbound, self.outbound, self.language, self.voice) = (inbound, outbound, language, voice)
        (self.timeZone, self.tools, self.vocabulary) = (timeZone, tools, vocabulary)
        self.languageRules = languageRules
    }

    public subscript(direction: CallDirection) -> Script? { direction == .inbound ? inbound : outbound }

    /// The channels there are something to say on, telephone calls first, then by name.
    public func channels(_ direction: CallDirection) -> [PromptChannel] {
        let named = Set(self[direction].map { Array($0.channels.keys) } ?? []).union([.whatsapp]).subtracting([.calls])
        return [.calls] + named.sorted { $0.rawValue < $1.rawValue }
    }
}

/// A tenant's prompts as they stand: what it wrote, and the revision that follows from that.
///
/// The revision is a digest of all that was written, so no edit can forget to raise it, an edit of one tenant leaves the
/// others' prompts where they are, and an edit that is taken back brings the old revision back.
public struct PromptEdition: Sendable, Equatable {
    public let tenant: String
    public let source: PromptSource
    /// What is told outside business hours, where that is something else: never in the other one's way.
    public let isOutsideHours: Bool
    /// 64 bits over `source`.
    public let revision: UInt64

    /// Costs a walk over all texts: once per tenant and reload, not per call.
    public init(tenant: String, source: PromptSource, isOutsideHours: Bool = false) {
        (self.tenant, self.source, self.isOutsideHours) = (tenant, source, isOutsideHours)
        var digest = PromptDigest()
        source.digest(into: &digest)
        revision = digest.value
    }
}

extension PromptSource {
    fileprivate func digest(into digest: inout PromptDigest) {
        for script in [inbound, outbound] {
            guard let script else {
                digest.add(count: 0)
                continue
            }
            digest.add(count: 1 + script.channels.count)
            digest.add(script.instructions)
            digest.add(script.greeting)
            for (channel, added) in script.channels.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                digest.add(channel.rawValue)
                digest.add(added.instructions)
                digest.add(optional: added.greeting)
            }
        }
        for text in [language, voice, timeZone] { digest.add(text) }
        digest.add(count: vocabulary.count)
        for word in vocabulary { digest.add(word) }
        digest.add(count: languageRules.count)
        for (code, rules) in languageRules.sorted(by: { $0.key < $1.key }) {
            digest.add(code)
            digest.add(rules)
        }
        digest.add(tools)
        for tool in tools {
            digest.add(optional: tool.fillerMilliseconds.map(String.init))
            digest.add(optional: tool.timeoutMilliseconds.map(String.init))
        }
    }
}
