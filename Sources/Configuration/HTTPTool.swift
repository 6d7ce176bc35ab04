/// A tool of a tenant's that is an HTTP request: what the model is told of it, and where its arguments go.
public struct HTTPTool: Sendable, Equatable {
    public enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"

        /// The arguments go into the query, not into a body.
        public var usesQuery: Bool { self == .get || self == .delete }
    }

    /// ASCII letters, digits, `-` and `_`; 1 to 64 of them.
    public var name: String
    public var description: String
    /// A JSON Schema of an object, as text.
    public var parameters: String
    /// https; http only to a loopback address or where `allowInsecure` says so.
    public var url: String
    public var method = Method.post
    /// In the order of the file.
    public var headers: [Header] = []
    public var timeoutMilliseconds = 8_000
    /// What the agent says when the tool takes longer than `fillerMilliseconds`; nil: words of its own.
    public var filler: String?
    public var fillerMilliseconds = 1_500
    public var allowInsecure = false

    /// Its value never shows.
    public struct Header: Sendable, Equatable {
        public var name: String
        public var value: Secret
        public init(_ name: String, _ value: Secret) { (self.name, self.value) = (name, value) }
    }

    public init(
        name: String, description: String, parameters: String = #"{"type":"object","properties":{}}"#, url: String
    ) {
        (self.name, self.description, self.parameters, self.url) = (name, description, parameters, url)
    }
}

/// A person to whom a call may be transferred. The model knows the name only.
public struct TransferDestination: Sendable, Equatable {
    public var name: String
    /// When to transfer there, for the model; may be empty.
    public var purpose: String
    /// E.164, or `sip:user@host`.
    public var address: String

    public init(name: String, purpose: String = "", address: String) {
        (self.name, self.purpose, self.address) = (name, purpose, address)
    }
}

/// What a tenant's calls may have the carrier do.
public struct TransferSettings: Sendable, Equatable {
    public var destinations: [TransferDestination] = []
    public var ringSeconds = 20
    /// What the person sees as the caller; nil: what the carrier shows.
    public var callerID: String?
    /// Who takes the call when there is no model; nil: nobody.
    public var whenModelUnavailable: String?

    public init() {}
}

/// A remote MCP server whose tools the provider calls by itself; nothing of it passes through this service.
public struct RemoteToolServer: Sendable, Equatable {
    public enum Approval: String, Sendable, CaseIterable {
        case never
        /// The provider asks before each call; nobody here says yes, so nothing runs.
        case always
    }

    public var label: String
    public var url: String
    public var headers: [HTTPTool.Header] = []
    /// Nil: all that the server offers.
    public var allowedTools: [String]?
    public var approval = Approval.never

    public init(label: String, url: String) { (self.label, self.url) = (label, url) }
}

/// All that a tenant's agent can do besides talking.
public struct TenantTools: Sendable, Equatable {
    /// Built-in tools included.
    public static let maximumCount = 64

    public var http: [HTTPTool] = []
    public var transfer = TransferSettings()
    /// The agent may press keys for the far end.
    public var sendsDigits = false
    public var remoteServers: [RemoteToolServer] = []

    public init() {}
}
