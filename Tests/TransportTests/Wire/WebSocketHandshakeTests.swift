import Testing

@testable import Transport

@Suite struct `WebSocket handshake` {
    private func request(
        method: String = "GET", replacing name: String = "", with values: [String] = [], body: [UInt8] = []
    ) -> HTTPRequest {
        let fields = [
            ("Host", "a"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
        ].filter { $0.0 != name }
        return HTTPRequest(
            method: method, target: "/", headers: .init(fields + values.map { (name, $0) }), body: body)
    }
    private func status(_ request: HTTPRequest) -> Int {
        switch WebSocketHandshake.judge(request) {
        case .ordinary: 0
        case .accept: 101
        case .refuse(let response): response.status
        }
    }

    @Test func `answers the example of RFC 6455 section 1 3`() {
        #expect(WebSocketHandshake.judge(request()) == .accept("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        #expect(
            String(decoding: WebSocketHandshake.response(accept: "x"), as: UTF8.self)
                == "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
        )
    }

    @Test func `accepts tokens in lists and any case`() {
        #expect(status(request(replacing: "Upgrade", with: ["h2c, WebSocket"])) == 101)
        #expect(status(request(replacing: "Connection", with: ["keep-alive", "x ,\tupGRADE "])) == 101)
    }

    @Test func `refuses what is not an opening handshake`() {
        #expect(status(request(replacing: "Upgrade")) == 0)
        #expect(status(request(replacing: "Upgrade", with: ["websockets"])) == 0)
        #expect(status(request(replacing: "Connection", with: ["keep-alive"])) == 400)
        #expect(status(request(method: "POST")) == 405)
        #expect(status(request(body: [1])) == 400)
        for key in [
            [], ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], [""], ["dGhlIHNhbXBsZSBub25jZR=="],
            ["dGhlIHNhbXBsZSBub25j"], ["dGhlIHNhbXBsZSBub25jZWU="], ["dGhl!HNhbXBsZSBub25jZQ=="],
        ] { #expect(status(request(replacing: "Sec-WebSocket-Key", with: key)) == 400) }
        guard case .refuse(let response) = WebSocketHandshake.judge(request(), isHTTP11: false) else {
            Issue.record("HTTP/1.0 was accepted")
            return
        }
        #expect(response.status == 400)
    }

    @Test(arguments: [[], ["8"], ["12"], ["13", "8"], ["14"]])
    func `asks for version 13`(versions: [String]) {
        guard
            case .refuse(let response) = WebSocketHandshake.judge(
                request(replacing: "Sec-WebSocket-Version", with: versions))
        else {
            Issue.record("accepted \(versions)")
            return
        }
        #expect(response.status == 426 && response.headers["Sec-WebSocket-Version"] == "13")
    }
}
