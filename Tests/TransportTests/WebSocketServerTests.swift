import Synchronization
import Testing

@testable import Transport

@Suite struct `WebSocket server` {
    @Test func `opens, echoes and closes`() throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            let head = peer.upgrade()
            #expect(head.hasPrefix("HTTP/1.1 101 "))
            #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            peer.send(peer.frame(1, Array("hello".utf8)))
            #expect(peer.receiveFrame()?.payload == Array("hello".utf8))
            peer.send(peer.frame(9, [7]))
            #expect(peer.receiveFrame() ?? (0, []) == (10, [7]))
            peer.send(peer.frame(8, [0x03, 0xE8] + Array("bye".utf8)))
            #expect(peer.receiveFrame() ?? (0, []) == (8, [0x03, 0xE8]))
            #expect(peer.receiveAll() == [])
            #expect(eventually { service.closes.withLock { $0.count } == 1 })
            #expect(service.closes.withLock { $0 } == [WebSocketClose(cause: .closed, code: 1000, reason: "bye")])
        }
    }

    @Test func `a close of ours goes out, is answered, and ends with the peer's code`() throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            _ = peer.upgrade()
            peer.send(peer.frame(1, Array("close me".utf8)))
            #expect(peer.receiveFrame() ?? (0, []) == (8, [0x0F, 0xA0] + Array("as asked".utf8)))
            // Messages after our close frame are no longer delivered.
            peer.send(peer.frame(1, Array("late".utf8)))
            #expect(service.closes.withLock { $0.isEmpty })
            peer.send(peer.frame(8, [0x0F, 0xA0]))
            #expect(peer.receiveAll() == [])
            let close = WebSocketClose(cause: .closed, code: 4_000, reason: "as asked")
            #expect(eventually { service.closes.withLock { $0 } == [close] })
            #expect(service.received.load(ordering: .relaxed) == 1)
        }
    }

    @Test func `frames sent together with the upgrade are not lost`() throws {
        try withServer { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            peer.send(
                Array(
                    ("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").utf8)
                    + peer.frame(1, Array("early".utf8)))
            _ = peer.receiveText(until: "\r\n\r\n")
            #expect(peer.receiveFrame()?.payload == Array("early".utf8))
        }
    }

    @Test func `a message comes whole however it is cut, with pings between its fragments`() throws {
        try withServer { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            _ = peer.upgrade()
            peer.send(peer.frame(1, Array("one ".utf8), isFinal: false))
            peer.send(peer.frame(9, []))
            peer.send(peer.frame(0, Array("two ".utf8), isFinal: false))
            peer.send(peer.frame(0, Array("three".utf8)))
            #expect(peer.receiveFrame()?.opcode == 10)
            #expect(peer.receiveFrame()?.payload == Array("one two three".utf8))
            for byte in peer.frame(1, Array("slowly".utf8)) { peer.send([byte]) }
            #expect(peer.receiveFrame()?.payload == Array("slowly".utf8))
        }
    }

    @Test func `S60 a 2 MiB message passes where it is allowed`() throws {
        var options = WebSocketOptions()
        options.maximumMessageBytes = 4 << 20
        options.sendQueueBytes = 4 << 20
        try withServer(EchoService(options)) { listener, _, _ in
            let peer = RawPeer(port: listener.port)
            _ = peer.upgrade()
            let large = (0..<2 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            peer.send(peer.frame(2, large, mask: [0, 0, 0, 0]))
            let echoed = peer.receiveFrame()
            #expect(echoed?.opcode == 2)
            #expect(echoed?.payload == large)
        }
    }

    @Test(arguments: [
        (
            "S60 a 2 MiB message where 64 KiB are allowed", UInt8(2), 2 << 20, true, UInt16(1009),
            WebSocketClose.Cause.messageTooLarge
        ),
        ("an unmasked frame", 1, 5, false, 1002, .protocolViolation),
        ("a reserved opcode", 3, 5, true, 1002, .protocolViolation),
        ("a control frame that is too long", 9, 126, true, 1002, .protocolViolation),
    ])
    func `what breaks RFC 6455 is closed with its code`(
        name: String, opcode: UInt8, size: Int, isMasked: Bool, code: UInt16, cause: WebSocketClose.Cause
    ) throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            _ = peer.upgrade()
            let payload = [UInt8](repeating: 0x41, count: size)
            peer.send(Array(peer.frame(opcode, payload, mask: isMasked ? [1, 2, 3, 4] : nil).prefix(100_000)))
            let answer = peer.receiveFrame()
            #expect(answer?.opcode == 8)
            #expect(Array(answer?.payload.prefix(2) ?? []) == [UInt8(code >> 8), UInt8(code & 0xFF)])
            #expect(peer.receiveAll() == [])
            #expect(eventually { service.closes.withLock { $0.first?.cause } == cause })
            #expect(service.closes.withLock { $0.count } == 1)
        }
    }

    @Test func `S60 text that is not UTF-8 is closed with 1007, binary is delivered`() throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            _ = peer.upgrade()
            peer.send(peer.frame(2, [0xFF, 0xFE]))
            #expect(peer.receiveFrame()?.payload == [0xFF, 0xFE])
            peer.send(peer.frame(1, [0xFF, 0xFE]))
            #expect(peer.receiveFrame()?.payload.prefix(2) == [0x03, 0xEF])
            #expect(eventually { service.closes.withLock { $0.first?.code } == 1007 })
        }
    }

    @Test(arguments: [("13", "POST", 405), ("8", "GET", 426)])
    func `an upgrade that is not one is refused`(version: String, method: String, status: Int) throws {
        try withServer { listener, _, service in
            let peer = RawPeer(port: listener.port)
            #expect(peer.upgrade(version: version, method: method).hasPrefix("HTTP/1.1 \(status) "))
            #expect(service.opened.load(ordering: .relaxed) == 0)
        }
    }

    @Test func `a refused upgrade is a whole HTTP 1_1 response before the close`() throws {
        try withServer { listener, loops, service in
            let peer = RawPeer(port: listener.port)
            let head = peer.upgrade("/forbidden?x=1")
            #expect(head.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
            #expect(head.contains("Content-Length: 8\r\n"))
            #expect(String(decoding: peer.receiveAll(), as: UTF8.self) == "no token")
            #expect(eventually { loops[0].connectionCount == 0 })
            #expect(service.opened.load(ordering: .relaxed) == 0)
        }
    }

    @Test func `a peer that vanishes is disconnected`() throws {
        try withServer { listener, loops, service in
            var peer: RawPeer? = RawPeer(port: listener.port)
            _ = peer?.upgrade()
            peer = nil
            #expect(eventually { service.closes.withLock { $0.map(\.cause) } == [.disconnected] })
            #expect(eventually { loops[0].connectionCount == 0 })
        }
    }

    @Test func `S06 a peer that does not read is dropped at the write deadline`() throws {
        var options = WebSocketOptions()
        options.writeDeadlineMilliseconds = 300
        options.maximumMessageBytes = 1 << 20
        options.sendQueueBytes = 16 << 20
        try withServer(EchoService(options)) { listener, _, service in
            let peer = RawPeer(port: listener.port)
            _ = peer.upgrade()
            let message = peer.frame(2, [UInt8](repeating: 1, count: 1 << 20), mask: [0, 0, 0, 0])
            // More than the kernel's buffers hold; nothing is read.
            for _ in 0..<16 { peer.send(message) }
            #expect(eventually { service.closes.withLock { $0.first?.cause } == .writeDeadline })
        }
    }

    @Test(arguments: ["firstMessage", "idle", "ping"])
    func `S20 S50 a silent peer is dropped for the right reason`(_ which: String) throws {
        var options = WebSocketOptions()
        let cause: WebSocketClose.Cause
        switch which {
        case "firstMessage": (options.firstMessageDeadlineMilliseconds, cause) = (200, .firstMessageDeadline)
        case "idle": (options.idleDeadlineMilliseconds, cause) = (200, .idleDeadline)
        default: (options.pingIntervalMilliseconds, cause) = (150, .pingDeadline)
        }
        try withServer(EchoService(options)) { listener, _, service in
            let peer = RawPeer(port: listener.port)
            _ = peer.upgrade()
            #expect(eventually { service.closes.withLock { $0.first?.cause } == cause })
        }
    }

    @Test func `stopping a loop closes its sockets as aborted`() throws {
        let service = EchoService()
        let loop = try EventLoop(name: "stopping")
        loop.start()
        let listener = try Listener(.init(), loops: [loop], service: service)
        let peer = RawPeer(port: listener.port)
        _ = peer.upgrade()
        loop.stop()
        #expect(service.closes.withLock { $0.map(\.cause) } == [.aborted])
        #expect(peer.receiveAll() == [])
        #expect(loop.connectionCount == 0)
    }
}
