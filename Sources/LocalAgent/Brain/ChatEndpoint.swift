public import Foundation

/// An OpenAI-compatible chat completions endpoint that thinks for the agent.
public struct ChatEndpoint: Sendable, Equatable {
    /// With or without `/chat/completions` at its end.
    public var url: URL
    public var model: String
    /// Never shown in an error.
    public var apiKey: String?
    /// Without a byte from the endpoint.
    public var timeoutSeconds = 30.0

    public init(url: URL, model: String, apiKey: String? = nil) {
        (self.url, self.model, self.apiKey) = (url, model, apiKey)
    }

    var completions: URL {
        url.path.hasSuffix("/chat/completions") ? url : url.appending(path: "chat/completions")
    }
}
