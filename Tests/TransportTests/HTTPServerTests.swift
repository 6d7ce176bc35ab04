import Glibc
import Synchronization
import Testing

@testable import Transport

@Suite struct `HTTP server` {
    @Test func `answers one request after another on one connection`() throws {
        try withServer { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            for number in 0..<3 {
                peer.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                let response = peer.receiveResponse()
                #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(response.hasSuffix("\r\n\r\nGET /\(number) 0"))
                #expect(response.contains("\r\nConnection: keep-alive\r\n"))
            }
        }
    }

    @Test func `keeps the request target byte for byte`() throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            let target = "/twi%6cio/../a%2Fb//c/./d%C3%A9?x=%41&y=1&x=2"
            peer.send("GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(peer.receiveResponse().hasSuffix("GET \(target) 0"))
            #expect(service.requests.withLock { $0.first?.target } == target)
            #expect(service.requests.withLock { $0.first?.remoteAddress } == "127.0.0.1")
        }
    }

    @Test func `pipelined requests are answered in order`() throws {
        try withServer { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            peer.send((0..<20).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<20 { #expect(peer.receiveResponse().hasSuffix("GET /\(number) 0")) }
        }
    }

    @Test func `Connection close is honoured, and HTTP 1_0 closes by itself`() throws {
        try withServer { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let all = String(decoding: peer.receiveAll(), as: UTF8.self)
            #expect(all.contains("Connection: close\r\n"))
            let old = RawPeer(port: listener.port)
            old.send("GET / HTTP/1.0\r\n\r\n")
            #expect(String(decoding: old.receiveAll(), as: UTF8.self).hasSuffix("GET / 0"))
        }
    }

    @Test func `a HEAD has the length and no body`() throws {
        try withServer { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            peer.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let all = String(decoding: peer.receiveAll(), as: UTF8.self)
            #expect(all.contains("Content-Length: 8\r\n"))
            #expect(all.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `bodies come whole, by length, in chunks and after 100 Continue`() throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            peer.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
            peer.send("llo")
            #expect(peer.receiveResponse().hasSuffix("POST /a 5"))
            peer.send(
                "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
            #expect(peer.receiveResponse().hasSuffix("POST /b 7"))
            peer.send("POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(peer.receiveText(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            peer.send("ok")
            #expect(peer.receiveResponse().hasSuffix("POST /c 2"))
            #expect(
                service.requests.withLock { $0.map(\.body) } == [
                    Array("hello".utf8), Array("abcdefg".utf8), Array("ok".utf8),
                ])
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 20_000))\r\n\r\n", 431),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", 413),
        ("\u{16}\u{03}\u{01}garbage\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ])
    func `what breaks the rules or the limits is answered and closed`(request: String, status: Int) throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            peer.send(request)
            let all = String(decoding: peer.receiveAll(), as: UTF8.self)
            #expect(all.hasPrefix("HTTP/1.1 \(status) "))
            #expect(service.requests.withLock { $0.isEmpty })
        }
    }

    @Test func `a request that does not become whole is answered 408, an idle connection just closes`() throws {
        var options = ListenerOptions()
        options.limits.requestDeadlineMilliseconds = 150
        options.limits.keepAliveMilliseconds = 150
        try withServer(options: options) { listener, _, _ in
            let half = RawPeer(port: listener.port)
            half.send("GET / HTTP/1.1\r\nHo")
            let silent = RawPeer(port: listener.port)
            let kept = RawPeer(port: listener.port)
            kept.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(kept.receiveResponse().hasPrefix("HTTP/1.1 200"))
            #expect(String(decoding: half.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
            #expect(silent.receiveAll() == [])
            #expect(kept.receiveAll() == [])
        }
    }

    @Test(arguments: ["keep-alive", "close"])
    func `a peer may be slow over a large answer, but not take nothing of it`(_ connection: String) throws {
        var options = ListenerOptions()
        options.limits.requestDeadlineMilliseconds = 300
        options.limits.keepAliveMilliseconds = 300
        try withServer(options: options) { listener, loops, _ in
            let request = "GET /large HTTP/1.1\r\nHost: a\r\nConnection: \(connection)\r\n\r\n"
            let slow = RawPeer(port: listener.port)
            slow.send(request)
            // Eight pauses of 100 ms: longer than the deadline together, each of them shorter.
            #expect(slow.receiveText(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
            var count = 0
            for _ in 0..<8 {
                count += slow.receive(3 << 20).count
                usleep(100_000)
            }
            #expect(count == 24 << 20)
            let stuck = RawPeer(port: listener.port)
            stuck.send(request)
            #expect(eventually { loops[0].connectionCount >= 1 })
            #expect(eventually { loops[0].connectionCount == 0 })
            withExtendedLifetime((slow, stuck)) {}
        }
    }

    @Test func `an exchange answers once, from any thread, and one that is dropped answers 500`() throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            peer.send("GET /drop HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(peer.receiveResponse().hasPrefix("HTTP/1.1 500 "))
            peer.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { service.held.withLock { $0.count } == 1 })
            let exchange = service.held.withLock { $0.removeLast() }
            exchange.respond(.text(201, "first"))
            exchange.respond(.text(202, "second"))
            #expect(peer.receiveResponse().hasPrefix("HTTP/1.1 201 "))
            peer.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(peer.receiveResponse().hasSuffix("GET /next 0"))
        }
    }

    @Test func `a connection beyond the limit is closed and counted`() throws {
        var options = ListenerOptions()
        options.limits.maximumConnections = 2
        try withServer(options: options) { listener, _, _ in
            let first = RawPeer(port: listener.port)
            var second: RawPeer? = RawPeer(port: listener.port)
            second?.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(second?.receiveResponse().hasPrefix("HTTP/1.1 200") == true)
            #expect(RawPeer(port: listener.port).receiveAll() == [])
            #expect(listener.refusedConnections == 1)
            second = nil
            let again = eventually {
                let peer = RawPeer(port: listener.port)
                peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return peer.receiveResponse().hasPrefix("HTTP/1.1 200")
            }
            #expect(again)
            withExtendedLifetime(first) {}
        }
    }

    @Test func `a port in use is said to be`() throws {
        try withServer { listener, loops, service in
            var options = ListenerOptions()
            options.port = listener.port
            let error = #expect(throws: TransportError.self) {
                try Listener(options, loops: loops, service: service)
            }
            #expect(error?.code == .portInUse)
        }
    }
}
