import Testing

@testable import Transport

@Suite struct `HTTP response writer` {
    private func written(_ response: HTTPResponse, keepsAlive: Bool = true, isHead: Bool = false) -> String {
        String(
            decoding: HTTPResponseWriter.bytes(of: response, keepsAlive: keepsAlive, isHead: isHead), as: UTF8.self)
    }

    @Test func `writes status, length, connection and body`() {
        #expect(
            written(.text(200, "hello"))
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"
        )
        #expect(
            written(HTTPResponse(status: 204), keepsAlive: false)
                == "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        #expect(
            written(.text(200, "hello"), isHead: true).hasSuffix("Content-Length: 5\r\nConnection: keep-alive\r\n\r\n"))
    }

    @Test func `no header can begin a line of its own, nor contradict the framing`() {
        let response = HTTPResponse(
            status: 302, headers: .init([("Location", "/a\r\nSet-Cookie: b\u{0}"), ("Content-Length", "99")]))
        #expect(
            written(response)
                == "HTTP/1.1 302 Found\r\nLocation: /a  Set-Cookie: b \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"
        )
    }
}
