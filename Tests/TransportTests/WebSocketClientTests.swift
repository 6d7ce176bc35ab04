import Synchronization
import Testing

@testable import Transport

@Suite struct `WebSocket client` {
    @Test func `opens, exchanges messages and closes with what both said`() throws {
        try withServer(loops: 2) { listener, loops, service in
            let recorder = Recorder()
            recorder.onOpen = { socket in
                socket.sendText("hello")
                socket.sendText("")
                socket.sendBinary([1, 2, 3].span)
            }
            recorder.onMessage = { socket in
                if recorder.heard.withLock({ $0.binaries.count }) == 1 { socket.close(code: 1000, reason: "done") }
            }
            #expect(recorder.connect(to: "ws://127.0.0.1:\(listener.port)/echo?a=%20b", on: loops[1]) == nil)
            #expect(eventually { recorder.close != nil })
            #expect(recorder.texts == ["hello", ""])
            #expect(recorder.heard.withLock { $0.binaries } == [[1, 2, 3]])
            #expect(recorder.heard.withLock { $0.drains } == 0)
            #expect(recorder.close == WebSocketClose(cause: .closed, code: 1000, reason: "done"))
            #expect(
                eventually {
                    service.closes.withLock { $0 } == [WebSocketClose(cause: .closed, code: 1000, reason: "done")]
                })
            #expect(service.requests.withLock { $0.first?.target } == "/echo?a=%20b")
        }
    }

    @Test func `sends the headers it was given`() throws {
        try withServer { listener, loops, service in
            let recorder = Recorder()
            let headers = [(name: "Authorization", value: "Bearer abc"), (name: "X-Two", value: "2")]
            #expect(recorder.connect(to: "ws://localhost:\(listener.port)/", headers: headers, on: loops[0]) == nil)
            #expect(eventually { recorder.heard.withLock { $0.opens } == 1 })
            let request = service.requests.withLock { $0[0] }
            #expect(request.headers["authorization"] == "Bearer abc")
            #expect(request.headers["x-two"] == "2")
            #expect(request.headers["host"] == "localhost:\(listener.port)")
            #expect(request.headers["sec-websocket-extensions"] == nil)
        }
    }

    @Test func `S60 a 2 MiB message passes where it is allowed, and closes 1009 where it is not`() throws {
        var large = WebSocketOptions()
        large.maximumMessageBytes = 4 << 20
        large.sendQueueBytes = 4 << 20
        try withServer(EchoService(large)) { listener, loops, _ in
            let message = String(repeating: "0123456789abcdef", count: 1 << 17)
            let recorder = Recorder()
            recorder.onOpen = { $0.sendText(message) }
            recorder.connect(to: "ws://127.0.0.1:\(listener.port)/", options: large, on: loops[0])
            #expect(eventually { recorder.texts.count == 1 })
            #expect(recorder.texts == [message])

            var small = large
            small.maximumMessageBytes = 1 << 20
            let refusing = Recorder()
            refusing.onOpen = { $0.sendText(message) }
            refusing.connect(to: "ws://127.0.0.1:\(listener.port)/", options: small, on: loops[0])
            #expect(eventually { refusing.close != nil })
            #expect(refusing.close?.cause == .messageTooLarge)
            #expect(refusing.close?.code == 1009)
        }
    }

    @Test func `a refused upgrade reports its status`() throws {
        try withServer { listener, loops, _ in
            let recorder = Recorder()
            recorder.connect(to: "ws://127.0.0.1:\(listener.port)/forbidden", on: loops[0])
            #expect(eventually { recorder.close != nil })
            #expect(recorder.close?.cause == .upgradeRefused)
            #expect(recorder.close?.httpStatus == 403)
            #expect(recorder.heard.withLock { $0.opens } == 0)
        }
    }

    @Test func `tells a closed port from a name nobody knows`() throws {
        try withLoops { loops in
            let refused = Recorder()
            // Port 1 of the loopback: nothing listens there.
            refused.connect(to: "ws://127.0.0.1:1/", on: loops[0])
            let unknown = Recorder()
            unknown.connect(to: "ws://nobody.invalid/", on: loops[0])
            #expect(eventually { refused.close != nil && unknown.close != nil })
            #expect(refused.close?.cause == .connectionRefused)
            #expect(unknown.close?.cause == .nameNotFound)
        }
    }

    @Test func `gives up at the connect deadline`() throws {
        // A raw server that accepts and says nothing.
        try withLoops { loops in
            let silent = SilentServer()
            var options = WebSocketOptions()
            options.connectDeadlineMilliseconds = 200
            let recorder = Recorder()
            recorder.connect(to: "ws://127.0.0.1:\(silent.port)/", options: options, on: loops[0])
            #expect(eventually { recorder.close != nil })
            #expect(recorder.close?.cause == .connectTimeout)
            #expect(recorder.heard.withLock { $0.closes.count } == 1)
        }
    }

    @Test(arguments: ["http://a/", "ws://", "ws://a:0/", "ws://u:secret@a/", "ws://a/#f", "ws://[::1/", "ws://a b/"])
    func `refuses a URL that can never work`(_ url: String) throws {
        try withLoops { loops in
            let error = Recorder().connect(to: url, on: loops[0])
            #expect(error?.code == .badURL)
            #expect(error?.message.contains("secret") == false)
        }
    }

    @Test func `abort is heard once, as aborted`() throws {
        try withServer { listener, loops, service in
            let recorder = Recorder()
            recorder.onOpen = { $0.abort() }
            recorder.connect(to: "ws://127.0.0.1:\(listener.port)/", on: loops[0])
            #expect(eventually { recorder.close != nil })
            #expect(recorder.close?.cause == .aborted)
            #expect(eventually { service.closes.withLock { $0.map(\.cause) } == [.disconnected] })
            #expect(eventually { loops[0].connectionCount == 0 })
        }
    }

    @Test func `a full queue refuses and says when it has drained`() throws {
        var options = WebSocketOptions()
        options.sendQueueBytes = 64 * 1024
        try withServer { listener, loops, _ in
            let refused = Guarded(0)
            let recorder = Recorder()
            recorder.onOpen = { socket in
                let message = [UInt8](repeating: 0x41, count: 10_000)
                for _ in 0..<10 where !socket.sendBinary(message.span) { refused.withLock { $0 += 1 } }
                #expect(socket.refusedMessages > 0)
            }
            recorder.connect(to: "ws://127.0.0.1:\(listener.port)/", options: options, on: loops[0])
            #expect(eventually { recorder.heard.withLock { $0.drains } == 1 })
            #expect(refused.withLock { $0 } == 4)
            #expect(eventually { recorder.heard.withLock { $0.binaries.count } == 6 })
        }
    }

    @Test func `200 clients on two loops all hear their own echo`() throws {
        try withServer(loops: 2) { listener, loops, service in
            let recorders = (0..<200).map { _ in Recorder() }
            for (index, recorder) in recorders.enumerated() {
                recorder.onOpen = { $0.sendText("message \(index)") }
                recorder.connect(to: "ws://127.0.0.1:\(listener.port)/", on: loops[index % 2])
            }
            #expect(eventually(within: 10_000) { recorders.allSatisfy { $0.texts.count == 1 } })
            for (index, recorder) in recorders.enumerated() { #expect(recorder.texts == ["message \(index)"]) }
            // Least-loaded: the server's ends are spread evenly too.
            let spread = service.loops.withLock { $0 }
            #expect(spread.count == 2)
            #expect(spread.values.allSatisfy { $0 >= 60 })
        }
    }

    @Test func `hears the server's close code and reason`() throws {
        try withServer { listener, loops, _ in
            let recorder = Recorder()
            recorder.onOpen = { $0.sendText("close me") }
            recorder.connect(to: "ws://127.0.0.1:\(listener.port)/", on: loops[0])
            #expect(eventually { recorder.close != nil })
            #expect(recorder.close == WebSocketClose(cause: .closed, code: 4_000, reason: "as asked"))
        }
    }

    @Test func `puts fragments together, with a ping between them, and answers it`() throws {
        try withLoops { loops in
            let server = ScriptedServer([
                ScriptedServer.frame(1, Array("one ".utf8), isFinal: false), ScriptedServer.frame(9, [7]),
                ScriptedServer.frame(0, Array("two ".utf8), isFinal: false),
                ScriptedServer.frame(0, Array("three".utf8)),
                ScriptedServer.frame(2, [1, 2]),
            ])
            let recorder = Recorder()
            recorder.onMessage = { if recorder.heard.withLock({ $0.binaries.count }) == 1 { $0.close() } }
            recorder.connect(to: "ws://127.0.0.1:\(server.port)/", on: loops[0])
            #expect(eventually { recorder.heard.withLock { $0.binaries } == [[1, 2]] })
            #expect(recorder.texts == ["one two three"])
            loops[0].submit { recorder.socket?.abort() }
            #expect(eventually { server.received.withLock { $0.first } == 0x8A })
        }
    }

    @Test func `S60 text that is not UTF-8 is closed with 1007 and not delivered`() throws {
        try withLoops { loops in
            let server = ScriptedServer([ScriptedServer.frame(1, [0xFF, 0xFE]), ScriptedServer.frame(1, [0x41])])
            let recorder = Recorder()
            recorder.connect(to: "ws://127.0.0.1:\(server.port)/", on: loops[0])
            // The server never answers the close frame.
            #expect(eventually(within: 8_000) { recorder.close != nil })
            #expect(recorder.close?.cause == .protocolViolation)
            #expect(recorder.close?.code == 1007)
            #expect(recorder.texts == [])
        }
    }

    @Test func `a server that breaks the rules or vanishes is told apart`() throws {
        try withLoops { loops in
            let cases: [(ScriptedServer, WebSocketClose.Cause)] = [
                (ScriptedServer(wrongAccept: true), .protocolViolation),
                (ScriptedServer(closesAtOnce: true), .disconnected),
                // A reserved opcode.
                (ScriptedServer([ScriptedServer.frame(3, [1])]), .protocolViolation),
            ]
            for (server, cause) in cases {
                let recorder = Recorder()
                recorder.connect(to: "ws://127.0.0.1:\(server.port)/", on: loops[0])
                #expect(eventually { recorder.close != nil })
                #expect(recorder.close?.cause == cause)
            }
        }
    }

    @Test func `a socket keeps its handler until the end, and no longer`() throws {
        try withServer { listener, loops, service in
            weak var gone: Recorder?
            do {
                let recorder = Recorder()
                recorder.onMessage = { $0.close() }
                recorder.onOpen = { $0.sendText("one") }
                recorder.connect(to: "ws://127.0.0.1:\(listener.port)/", on: loops[0])
                gone = recorder
            }
            #expect(eventually { service.closes.withLock { $0.count } == 1 })
            #expect(eventually { loops[0].connectionCount == 0 })
            #expect(eventually { gone == nil })
        }
    }
}
