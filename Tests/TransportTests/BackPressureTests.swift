import Synchronization
import Testing

@testable import Transport

@Suite struct `Back-pressure` {
    @Test(arguments: [false, true])
    func `what a paused client did not read arrives whole and in order once it resumes`(isSecure: Bool) throws {
        var options = WebSocketOptions()
        options.sendQueueBytes = 16 << 20
        options.maximumMessageBytes = 1 << 20
        var listening = ListenerOptions()
        let authority = isSecure ? try TestAuthority() : nil
        if let authority {
            try authority.issue("server", subject: "server")
            listening.tls = TLSIdentity(
                certificateFile: authority.file("server.pem"), keyFile: authority.file("server.key"))
            options.trustedAuthoritiesFile = authority.authorityFile
        }
        let service = EchoService(options)
        try withServer(service, options: listening, loops: 2) { listener, loops, _ in
            let recorder = Recorder()
            let sent = (0..<200).map { number in [UInt8](repeating: UInt8(number), count: 40_000 + number) }
            recorder.onOpen = { socket in
                socket.pauseReading()
                for message in sent where !socket.sendBinary(message.span) { Issue.record("no room to send") }
            }
            recorder.connect(
                to: "\(isSecure ? "wss" : "ws")://localhost:\(listener.port)/", options: options, on: loops[0])
            // The server has echoed all 8 MB, more than the kernel's buffers hold.
            #expect(eventually(within: 10_000) { service.received.load(ordering: .relaxed) == sent.count })
            #expect(recorder.heard.withLock { $0.binaries.isEmpty })
            loops[0].submit { recorder.socket?.resumeReading() }
            #expect(eventually(within: 10_000) { recorder.heard.withLock { $0.binaries.count } == sent.count })
            #expect(recorder.heard.withLock { $0.binaries } == sent)
            #expect(recorder.close == nil)
        }
    }

    @Test(arguments: [false, true])
    func `a paused server stops its peer, and reads on where it stopped`(isSecure: Bool) throws {
        var options = WebSocketOptions()
        options.sendQueueBytes = 32 << 20
        options.maximumMessageBytes = 1 << 20
        // Deadlines that wait for the peer's bytes rest while nobody reads them.
        var paused = options
        paused.idleDeadlineMilliseconds = 200
        paused.pingIntervalMilliseconds = 100
        var listening = ListenerOptions()
        let authority = isSecure ? try TestAuthority() : nil
        if let authority {
            try authority.issue("server", subject: "server")
            listening.tls = TLSIdentity(
                certificateFile: authority.file("server.pem"), keyFile: authority.file("server.key"))
            options.trustedAuthoritiesFile = authority.authorityFile
        }
        let service = EchoService(paused, pausesAtOpen: true)
        try withServer(service, options: listening, loops: 2) { listener, loops, _ in
            let recorder = Recorder()
            let total = 400
            recorder.onOpen = { socket in
                let message = [UInt8](repeating: 7, count: 40_000)
                for _ in 0..<total where !socket.sendBinary(message.span) { Issue.record("no room to send") }
            }
            recorder.connect(
                to: "\(isSecure ? "wss" : "ws")://localhost:\(listener.port)/", options: options, on: loops[0])
            #expect(eventually { service.paused.withLock { $0 } != nil })
            // The client's queue stops shrinking: the kernel's buffers are full and nobody reads.
            let isStuck = Guarded(false), last = Guarded(Int.max), same = Guarded(0)
            #expect(
                eventually(within: 10_000) {
                    loops[0].submit {
                        guard let socket = recorder.socket else { return }
                        let queued = socket.queuedBytes
                        let wasSame = last.withLock { last in
                            defer { last = queued }
                            return last == queued
                        }
                        same.withLock { $0 = wasSame && queued > 0 ? $0 + 1 : 0 }
                        if same.withLock({ $0 }) >= 300 { isStuck.withLock { $0 = true } }
                    }
                    return isStuck.withLock { $0 }
                })
            #expect(service.received.load(ordering: .relaxed) <= 2)
            let (socket, loop) = service.paused.withLock { ($0!.socket, $0!.loop) }
            let held = HeldSocket(socket: socket)
            loop.submit { held.socket.resumeReading() }
            #expect(eventually(within: 10_000) { service.received.load(ordering: .relaxed) == total })
            #expect(recorder.close == nil)
            service.paused.withLock { $0 = nil }
        }
    }
}
