import Testing

@testable import Transport

@Suite struct `Upgrade response` {
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    private static let good =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"

    private func judge(_ text: String) -> UpgradeResponse.Outcome {
        var response = UpgradeResponse()
        return response.consume(Array(text.utf8).span, accept: Self.accept)
    }

    @Test func `opens, and says where the frames begin`() {
        #expect(judge(Self.good + "\u{1}\u{2}") == .opened(consumed: Self.good.utf8.count))
    }

    @Test func `is the same in any pieces`() {
        let bytes = Array(Self.good.utf8)
        for cut in 1..<bytes.count {
            var response = UpgradeResponse()
            #expect(response.consume(Array(bytes[..<cut]).span, accept: Self.accept) == .needsMore)
            #expect(
                response.consume(Array(bytes[cut...]).span, accept: Self.accept) == .opened(consumed: bytes.count - cut)
            )
        }
    }

    @Test func `takes any case and spaces around values`() {
        let text = Self.good.replacing("Upgrade: websocket", with: "upgrade:   WebSocket \t")
            .replacing("Connection: Upgrade", with: "CONNECTION: keep-alive, upgrade")
        #expect(judge(text) == .opened(consumed: text.utf8.count))
    }

    @Test(arguments: [403, 200, 429, 500])
    func `another status is a refusal`(status: Int) {
        #expect(judge("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n") == .refused(status: status))
    }

    @Test(arguments: [
        ("Upgrade: websocket\r\n", ""), ("Connection: Upgrade\r\n", ""), ("xOo=", "xOo"),
        ("Upgrade: websocket\r\n", "Upgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"),
        ("Upgrade: websocket\r\n", "Upgrade: websocket\r\nSec-WebSocket-Protocol: chat\r\n"),
        ("Upgrade: websocket\r\n", "Upgrade: websocket\r\nno field\r\n"), ("HTTP/1.1", "ICY"), ("101", "1O1"),
        ("Upgrade: websocket\r\n", "Upgrade: websocket\r\n: nameless\r\n"),
    ])
    func `is refused when it is not what was asked for`(part: String, instead: String) {
        let outcome = judge(Self.good.replacing(part, with: instead, maxReplacements: 1))
        guard case .invalid = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `a head without an end is given up`() {
        guard case .invalid = judge("HTTP/1.1 101 X\r\n" + String(repeating: "a: b\r\n", count: 4_000)) else {
            Issue.record("it went on")
            return
        }
    }
}
