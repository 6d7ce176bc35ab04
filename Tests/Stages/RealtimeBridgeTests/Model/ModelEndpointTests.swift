import Testing

@testable import RealtimeBridge

@Suite struct `Model endpoint` {
    @Test(arguments: [
        ("wss://api.openai.com/v1/realtime", "gpt-realtime-2", "wss://api.openai.com/v1/realtime?model=gpt-realtime-2"),
        ("ws://127.0.0.1:8080/v1/realtime", "a b/ü", "ws://127.0.0.1:8080/v1/realtime?model=a%20b%2F%C3%BC"),
        ("wss://h/p?x=1", "m", "wss://h/p?x=1&model=m"), ("wss://h/p?model=own", "m", "wss://h/p?model=own"),
        ("wss://h/p?x_model=1", "m", "wss://h/p?x_model=1&model=m"),
        (
            "wss://r.openai.azure.com/openai/realtime?api-version=1&deployment=d", "m",
            "wss://r.openai.azure.com/openai/realtime?api-version=1&deployment=d"
        ),
        (
            "wss://r.openai.azure.com/openai/realtime?api-version=2025-04-01-preview", "front desk",
            "wss://r.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=front%20desk"
        ),
        (
            "wss://r.openai.azure.com/openai/v1/realtime", "front-desk",
            "wss://r.openai.azure.com/openai/v1/realtime?model=front-desk"
        ),
    ])
    func `builds the URL`(base: String, model: String, url: String) throws {
        #expect(try ModelEndpoint(baseURL: base, model: model, key: "k").url == url)
    }

    @Test func `sends the key as the server wants it`() throws {
        func headers(_ endpoint: ModelEndpoint) -> [String] { endpoint.headers.map { "\($0.name): \($0.value)" } }
        let open = try ModelEndpoint(
            baseURL: "wss://h/p", model: "m", key: "k", extraHeaders: [("OpenAI-Organization", "o p")])
        #expect(headers(open) == ["Authorization: Bearer k", "OpenAI-Organization: o p"])
        let azure = try ModelEndpoint(baseURL: "wss://h/p", model: "m", key: "k", authentication: .apiKeyHeader)
        #expect(headers(azure) == ["api-key: k"])
        #expect(headers(try ModelEndpoint(baseURL: "ws://h/p", model: "m", key: "")).isEmpty)
    }

    @Test func `never shows the key, nor a query that may hold one`() throws {
        let endpoint = try ModelEndpoint(
            baseURL: "wss://h/p?secret=hush", model: "m", key: "sk-hush", extraHeaders: [("X", "hush")])
        var dumped = ""
        dump(endpoint, to: &dumped)
        for text in [
            "\(endpoint)", String(reflecting: endpoint), dumped, "\([endpoint])", "\(Optional(endpoint) as Any)",
        ] {
            #expect(!text.contains("hush"), "\(text)")
        }
    }

    @Test(arguments: [
        ("https://h/p", "m", "k", "url"), ("h/p", "m", "k", "url"), ("wss://h/p#x", "m", "k", "url"),
        ("wss://u:p@h/p", "m", "k", "url"),
        ("wss://h/p q", "m", "k", "url"), ("wss://h/p\r\nX: y", "m", "k", "url"), ("wss://h/p", "", "k", "model"),
        ("wss://h/p", "m", "k\r\nX: y", "key"),
    ])
    func `refuses what cannot work, naming the field and not the value`(
        base: String, model: String, key: String, field: String
    ) {
        #expect {
            try ModelEndpoint(baseURL: base, model: model, key: key)
        } throws: {
            ($0 as? ModelEndpointError)?.field == field
        }
    }
}
