public import Conversation

/// Where a realtime model is, and how to be let in: one link of the chain.
public struct ModelAddress: Sendable, Equatable {
    public enum Authentication: String, Sendable, CaseIterable {
        /// `Authorization: Bearer ...`.
        case bearer
        /// `api-key: ...`, as Azure has it.
        case apiKeyHeader = "api-key"
    }

    public var url: String
    /// The model's name; with Azure that of the deployment.
    public var model: String
    public var apiKey: Secret?
    /// Nil: the key's header for an Azure address, else bearer.
    public var authentication: Authentication?

    public init(url: String, model: String, apiKey: Secret? = nil, authentication: Authentication? = nil) {
        (self.url, self.model, self.apiKey, self.authentication) = (url, model, apiKey, authentication)
    }

    public var sendsKeyInHeader: Bool { (authentication ?? (isAzure ? .apiKeyHeader : .bearer)) == .apiKeyHeader }

    var isAzure: Bool {
        let host = Self.host(of: url)
        return [".openai.azure.com", ".cognitiveservices.azure.com", ".openai.azure.us"].contains { host.hasSuffix($0) }
    }

    /// What is wrong with the address as far as can be seen, and what was expected; nil: nothing.
    var problem: String? {
        guard url.hasPrefix("ws://") || url.hasPrefix("wss://"), !Self.host(of: url).isEmpty else {
            return "`\(Self.shown(url))` does not fit; a ws:// or wss:// address was expected"
        }
        guard isAzure else { return nil }
        let parts = url.split(separator: "?", maxSplits: 1)
        let query = parts.count > 1 ? parts[1].split(separator: "&").map { $0.prefix { $0 != "=" } } : []
        let path = parts[0].drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" }
        switch path {
        case "/openai/v1/realtime": return nil
        case "/openai/realtime" where query.contains("api-version"): return nil
        default:
            return "`\(Self.shown(url))` does not fit; Azure's wss://RESOURCE.openai.azure.com/openai/v1/realtime was "
                + "expected, or its preview form /openai/realtime?api-version=VERSION"
        }
    }

    /// Without the query, where some servers want a secret.
    static func shown(_ url: String) -> Substring { url.prefix { $0 != "?" } }

    private static func host(of url: String) -> String {
        guard url.hasPrefix("ws://") || url.hasPrefix("wss://") else { return "" }
        return url.drop { $0 != "/" }.dropFirst(2).prefix { !"/:?#".contains($0) }.lowercased()
    }
}

/// What the provider charges, and in what.
public struct ModelPrices: Sendable, Equatable {
    public var currency = "USD"
    public var table = PriceTable()
    public init() {}
}
