import Testing

@testable import Transport

private enum Seen: Equatable {
    case request(method: String, target: String, body: String, keepsAlive: Bool, isUpgrade: Bool)
    case failure(Int)
    case rest(String)
}

/// Feeds `stream` cut into `pieces`; what follows an upgrade or a failure is reported and not read.
private func parse(_ stream: String, limits: HTTPLimits = .init(), pieces: [Int] = []) -> [Seen] {
    let parser = HTTPHeadParser(limits: limits)
    var seen: [Seen] = [], rest = Array(stream.utf8)[...]
    for size in pieces + [rest.count] {
        var piece = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        while !piece.isEmpty {
            let (consumed, outcome) = parser.consume(piece.span)
            piece.removeFirst(consumed)
            switch outcome {
            case .needsMore:
                #expect(piece.isEmpty)
            case .request(let parsed):
                seen.append(
                    .request(
                        method: parsed.request.method, target: parsed.request.target,
                        body: String(decoding: parsed.request.body, as: UTF8.self), keepsAlive: parsed.keepsAlive,
                        isUpgrade: parsed.isUpgrade))
                if parsed.isUpgrade { return seen + [.rest(String(decoding: piece + rest, as: UTF8.self))] }
            case .failure(let failure):
                return seen + [.failure(failure.status)]
            }
        }
    }
    return seen
}

private func head(_ lines: String...) -> String { lines.joined(separator: "\r\n") + "\r\n\r\n" }

@Suite struct `HTTP head parser` {
    private let sample =
        head("POST /twi%6cio/../a%2Fb//c/./d?x=%C3%A9&y=1 HTTP/1.1", "Host: a", "Content-Length: 5") + "hello"
        + head("POST /chunked HTTP/1.1", "host: a", "Transfer-Encoding: chunked")
        + "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
        + head("GET /media HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: keep-alive, Upgrade") + "\u{1}after"
    private let expected: [Seen] = [
        .request(
            method: "POST", target: "/twi%6cio/../a%2Fb//c/./d?x=%C3%A9&y=1", body: "hello", keepsAlive: true,
            isUpgrade: false),
        .request(method: "POST", target: "/chunked", body: "abc0123456789", keepsAlive: true, isUpgrade: false),
        .request(method: "GET", target: "/media", body: "", keepsAlive: true, isUpgrade: true),
        .rest("\u{1}after"),
    ]

    @Test func `gives the same requests however the stream is cut in two, targets byte for byte`() {
        for cut in 0...sample.utf8.count { #expect(parse(sample, pieces: [cut]) == expected, "cut at \(cut)") }
    }

    @Test func `gives the same requests byte by byte`() {
        #expect(parse(sample, pieces: [Int](repeating: 1, count: sample.utf8.count)) == expected)
    }

    static let failures: [(String, Int)] = [
        (head("GET / HTTP/1.1"), 400),  // no Host
        (head("GET / HTTP/1.1", "Host: a", "Host: b"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length: 1", "Content-Length: 1"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Content-Length: 1"), 400),
        (head("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: gzip, chunked"), 501),
        (head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked, gzip"), 501),
        (head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding : chunked"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length: -1"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length: +1"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length: 1, 1"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length:"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length: 99999999999999999999999"), 400),
        (head("POST / HTTP/1.1", "Host: a", "Content-Length: 262145"), 413),
        (head("GET / HTTP/1.1", "Host: a", "X: 1", " folded"), 400),
        (head("GET / HTTP/1.1", "Host: a", "X: a\u{0}b"), 400),
        (head("GET / HTTP/1.1", "Host: a", "X: a\rb"), 400),
        (head("GET / HTTP/1.1", "Host: a", "X: a\nY: b"), 400),
        (head("GET / HTTP/1.1", "Host: a", "X Y: b"), 400),
        (head("GET / HTTP/1.1", "Host: a", ": b"), 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        (head("GET /é HTTP/1.1", "Host: a"), 400),
        (head("GET  / HTTP/1.1", "Host: a"), 400),
        (head("GET / HTTP/2.0", "Host: a"), 505),
        (head("GET / HTTP/1.2", "Host: a"), 505),
        (head("GET / HTTP/0.9", "Host: a"), 505),
        (head("BREW / HTTP/1.1", "Host: a"), 501),
        (head("CONNECT a:443 HTTP/1.1", "Host: a"), 501),
        ("GE: /\u{1}", 501), ("GET /\u{1}: ", 400),  // two faults: the first in the stream is the answer
        ("\u{16}\u{3}\u{1}", 400),  // a TLS client at the plain port
        ("GET /" + String(repeating: "a", count: 20_000), 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 1\r\n", count: 101), 431),
    ]
    @Test(arguments: failures)
    func `refuses by kind, whole or byte by byte`(stream: String, status: Int) {
        #expect(parse(stream) == [.failure(status)])
        #expect(parse(stream, pieces: [Int](repeating: 1, count: stream.utf8.count)) == [.failure(status)])
    }

    static let chunks: [(String, Int)] = [
        ("5\nhello\r\n0\r\n\r\n", 400), ("5\r\nhello0\r\n\r\n", 400), ("5\rxhello\r\n0\r\n\r\n", 400),
        ("\r\n", 400), ("-5\r\n", 400), ("0x5\r\n", 400), ("1 \r\na\r\n\u{1}", 400), ("fffffffffffffff0\r\n", 400),
        ("ffffffffffffff\r\n", 413), ("40001\r\n", 413), ("0\r\n folded\r\n\r\n", 400), ("0\r\nX: \u{0}\r\n\r\n", 400),
    ]
    @Test(arguments: chunks)
    func `refuses malformed chunks`(body: String, status: Int) {
        let stream = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked") + body
        #expect(parse(stream) == [.failure(status)])
        #expect(parse(stream, pieces: [Int](repeating: 1, count: stream.utf8.count)) == [.failure(status)])
    }

    @Test func `bounds the framing of a chunked body as well as its bytes`() {
        var limits = HTTPLimits()
        (limits.maximumHeadBytes, limits.maximumBodyBytes) = (200, 200)
        let stream = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")
        #expect(parse(stream + "1;" + String(repeating: "x", count: 500), limits: limits) == [.failure(413)])
        let most = String(repeating: "a", count: 200)
        #expect(parse(stream + "c8\r\n\(most)\r\n0\r\n\r\n", limits: limits).count == 1)
        #expect(parse(stream + "c8\r\n\(most)\r\n1\r\n", limits: limits) == [.failure(413)])
    }

    @Test(arguments: [
        ("HTTP/1.1", "X: 1", true), ("HTTP/1.1", "Connection: close", false), ("HTTP/1.0", "X: 1", false),
        ("HTTP/1.0", "Connection: keep-alive", true), ("HTTP/1.1", "Connection: x, CLOSE", false),
    ])
    func `knows whether the connection goes on`(version: String, header: String, expected: Bool) {
        #expect(
            parse(head("GET / \(version)", "Host: a", header))
                == [.request(method: "GET", target: "/", body: "", keepsAlive: expected, isUpgrade: false)])
    }

    @Test(arguments: [("HTTP/1.1", true), ("HTTP/1.0", false)])
    func `tells the versions apart, and only 1 1 may upgrade or wait for 100 Continue`(version: String, isHTTP11: Bool)
    {
        let lines = ["POST / \(version)", "Host: a", "Upgrade: websocket", "Connection: upgrade"]
        let parser = HTTPHeadParser()
        let whole = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
        guard case .request(let parsed) = parser.consume(whole.span).outcome else {
            Issue.record("no request")
            return
        }
        #expect(parsed.isHTTP11 == isHTTP11 && parsed.isUpgrade == isHTTP11)
        let waiting = Array(
            (lines + ["Content-Length: 1", "Expect: 100-continue", "", ""]).joined(separator: "\r\n").utf8)
        _ = parser.consume(waiting.span)
        #expect(parser.awaitsContinue == isHTTP11)
    }

    @Test func `header names keep their case and compare without it, values lose the blanks around them`() {
        let parser = HTTPHeadParser()
        let stream = Array(head("GET / HTTP/1.1", "Host: a", "X-Twilio-Signature:  \t aé= \t", "Empty:").utf8)
        guard case .request(let parsed) = parser.consume(stream.span).outcome else {
            Issue.record("no request")
            return
        }
        #expect(parsed.request.headers["x-twilio-signature"] == "aé=")
        #expect(parsed.request.headers["empty"] == "")
        #expect(parsed.request.headers.fields.map(\.name) == ["Host", "X-Twilio-Signature", "Empty"])
    }

    @Test func `says when the client waits for 100 Continue`() {
        let parser = HTTPHeadParser()
        let stream = Array(head("POST / HTTP/1.1", "Host: a", "Content-Length: 1", "Expect: 100-continue").utf8)
        _ = parser.consume(stream.span)
        #expect(parser.awaitsContinue)
        _ = parser.consume([0x61].span)
        #expect(!parser.awaitsContinue && !parser.isMidRequest)
    }
}
