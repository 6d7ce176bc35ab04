import Foundation
import Testing

@testable import Transport

@Suite struct `HTTP answers from files` {
    /// Serves one file; `/first-last` a part of it.
    private final class FileService: HTTPService {
        let path: String
        init(_ path: String) { self.path = path }
        func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
            let bounds = request.path.dropFirst().split(separator: "-").compactMap { Int64($0) }
            let range = bounds.count == 2 ? bounds[0]..<bounds[1] : nil
            exchange.respond(HTTPResponse(status: 200, file: HTTPFileBody(path: path, range: range)))
        }
        func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision { .refuse(.text(404, "no\n")) }
    }

    private func withFile(bytes: Int, _ body: (Listener, [UInt8], String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("body-\(UUID().uuidString)").path
        let content = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        try Data(content).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try withLoops(1) { loops in
            let listener = try Listener(ListenerOptions(), loops: loops, service: FileService(path))
            defer { listener.close() }
            try body(listener, content, path)
        }
    }

    @Test(arguments: [0, 1, 131_071, 131_072, 131_073, 3_000_000])
    func `a file comes whole, however long`(bytes: Int) throws {
        try withFile(bytes: bytes) { listener, content, _ in
            let peer = RawPeer(port: listener.port)
            peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let all = peer.receiveAll()
            let head = String(decoding: all.prefix(while: { _ in true }).prefix(400), as: UTF8.self)
            #expect(head.contains("Content-Length: \(bytes)\r\n"))
            #expect(all.suffix(bytes).elementsEqual(content))
        }
    }

    @Test func `a part of it, and the next request on the same connection`() throws {
        try withFile(bytes: 500_000) { listener, content, _ in
            let peer = RawPeer(port: listener.port)
            peer.send(
                "GET /1000-301000 HTTP/1.1\r\nHost: a\r\n\r\nGET /5-9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let all = peer.receiveAll()
            #expect(all.suffix(4).elementsEqual(content[5..<9]))
            let first = try #require(all.firstRange(of: Array("\r\n\r\n".utf8)))
            #expect(all[first.upperBound..<first.upperBound + 300_000].elementsEqual(content[1_000..<301_000]))
        }
    }

    @Test func `HEAD has its length and none of it`() throws {
        try withFile(bytes: 200_000) { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            peer.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let all = String(decoding: peer.receiveAll(), as: UTF8.self)
            #expect(all.contains("Content-Length: 200000\r\n") && all.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `a file that is cut meanwhile ends the connection, and one whose name is removed does not`() throws {
        try withFile(bytes: 20_000_000) { listener, content, path in
            let removed = RawPeer(port: listener.port), cut = RawPeer(port: listener.port)
            for peer in [removed, cut] {
                peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                _ = peer.receive(1_000)
            }
            // Neither has read more than the kernel's buffers hold: most of the file is still to be read.
            try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
            #expect(removed.receiveAll().suffix(1_000_000).elementsEqual(content.suffix(1_000_000)))
            #expect(unsafe truncate(path + ".moved", 15_000_000) == 0)
            #expect(cut.receiveAll().count < 19_999_000)
            try FileManager.default.removeItem(atPath: path + ".moved")
        }
    }
}
