import Foundation
import Synchronization
import Testing

@testable import Transport

@Suite struct `TLS` {
    @Test func `a client that trusts the authority opens, exchanges large messages and closes`() throws {
        let authority = try TestAuthority()
        try authority.issue("server", subject: "first")
        var options = WebSocketOptions()
        options.maximumMessageBytes = 4 << 20
        options.sendQueueBytes = 4 << 20
        options.trustedAuthoritiesFile = authority.authorityFile
        try withServer(EchoService(options), options: listening(authority), loops: 2) { listener, loops, service in
            let message = String(repeating: "0123456789abcdef", count: 1 << 17)
            for host in ["localhost", "127.0.0.1"] {
                let recorder = Recorder()
                recorder.onOpen = { socket in
                    socket.sendText("hello")
                    socket.sendText(message)
                }
                recorder.onMessage = { if recorder.texts.count == 2 { $0.close() } }
                recorder.connect(to: "wss://\(host):\(listener.port)/a%2Fb", options: options, on: loops[1])
                #expect(eventually { recorder.close != nil })
                #expect(recorder.texts == ["hello", message])
                #expect(recorder.close?.cause == .closed)
            }
            let requests = service.requests.withLock { $0 }
            #expect(requests.allSatisfy { $0.isSecure && $0.target == "/a%2Fb" })
            #expect(requests.count == 2)
        }
    }

    @Test func `keeps the request target byte for byte`() throws {
        let authority = try TestAuthority()
        try authority.issue("server", subject: "first")
        try withServer(options: listening(authority)) { listener, _, _ in
            let target = "/twi%6cio/../a%2Fb//c/./d%C3%A9?x=%41&y=1"
            let (status, output) = try run(
                "/usr/bin/curl",
                [
                    "-sS", "--path-as-is", "--cacert", authority.authorityFile,
                    "https://localhost:\(listener.port)\(target)",
                ])
            #expect(status == 0)
            #expect(output == "GET \(target) 0")
        }
    }

    @Test func `a server nobody vouches for, or by another name, is not talked to`() throws {
        let authority = try TestAuthority(), stranger = try TestAuthority()
        try authority.issue("server", subject: "first", hosts: "DNS:elsewhere.example")
        try withServer(options: listening(authority)) { listener, loops, service in
            var otherAuthority = WebSocketOptions(), otherName = WebSocketOptions()
            otherAuthority.trustedAuthoritiesFile = stranger.authorityFile
            otherName.trustedAuthoritiesFile = authority.authorityFile
            for options in [WebSocketOptions(), otherAuthority, otherName] {
                let recorder = Recorder()
                recorder.connect(to: "wss://localhost:\(listener.port)/", options: options, on: loops[0])
                #expect(eventually { recorder.close != nil })
                #expect(recorder.close?.cause == .tlsFailed)
                #expect(recorder.close?.reason.isEmpty == false)
                #expect(recorder.heard.withLock { $0.opens } == 0)
            }
            #expect(service.opened.load(ordering: .relaxed) == 0)
        }
    }

    @Test func `a plain client at a TLS port, and a TLS client at a plain port, fail and harm nobody`() throws {
        let authority = try TestAuthority()
        try authority.issue("server", subject: "first")
        try withServer(options: listening(authority)) { listener, loops, _ in
            let peer = RawPeer(port: listener.port)
            peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(!String(decoding: peer.receiveAll(), as: UTF8.self).contains("200"))
            #expect(eventually { loops[0].connectionCount == 0 })
        }
        try withServer { listener, loops, _ in
            let recorder = Recorder()
            recorder.connect(to: "wss://localhost:\(listener.port)/", on: loops[0])
            #expect(eventually { recorder.close != nil })
            #expect(recorder.close?.cause == .tlsFailed)
        }
    }

    @Test func `a TLS handshake that never comes is dropped at the request deadline`() throws {
        let authority = try TestAuthority()
        try authority.issue("server", subject: "first")
        var options = listening(authority)
        options.limits.requestDeadlineMilliseconds = 200
        try withServer(options: options) { listener, loops, _ in
            let peer = RawPeer(port: listener.port)
            #expect(peer.receiveAll() == [])
            #expect(eventually { loops[0].connectionCount == 0 })
        }
    }

    @Test func `a renewed certificate serves new connections and leaves old ones alone`() throws {
        let authority = try TestAuthority()
        try authority.issue("server", subject: "first")
        try withServer(options: listening(authority), loops: 2) { listener, loops, _ in
            var client = WebSocketOptions()
            client.trustedAuthoritiesFile = authority.authorityFile
            let recorder = Recorder()
            recorder.connect(to: "wss://localhost:\(listener.port)/", options: client, on: loops[0])
            #expect(eventually { recorder.heard.withLock { $0.opens } == 1 })
            #expect(try subject(at: listener.port) == "first")

            try authority.issue("server", subject: "second")
            try listener.reloadCertificate()
            // Both loops: four connections go to two loops.
            for _ in 0..<4 { #expect(try subject(at: listener.port) == "second") }

            try "rubbish".write(toFile: authority.file("server.pem"), atomically: true, encoding: .utf8)
            let error = #expect(throws: TransportError.self) { try listener.reloadCertificate() }
            #expect(error?.code == .certificate)
            #expect(try subject(at: listener.port) == "second")

            loops[0].submit { recorder.socket?.sendText("still here") }
            #expect(eventually { recorder.texts == ["still here"] })
        }
    }

    @Test func `what is wrong with certificate and key is said with their names`() throws {
        let authority = try TestAuthority()
        try authority.issue("server", subject: "first")
        try authority.issue("other", subject: "other")
        try withLoops { loops in
            for (certificate, key, expected) in [
                ("absent.pem", "server.key", "No such file"),
                ("server.pem", "absent.key", "No such file"),
                ("server.key", "server.key", "expected a certificate"),
                ("server.pem", "server.pem", "expected a private key"),
                ("server.pem", "other.key", "does not belong"),
            ] {
                var options = ListenerOptions()
                options.tls = TLSIdentity(
                    certificateFile: authority.file(certificate), keyFile: authority.file(key))
                let error = #expect(throws: TransportError.self) {
                    try Listener(options, loops: loops, service: EchoService())
                }
                #expect(error?.code == .certificate)
                #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
            }
        }
    }

    private func listening(_ authority: TestAuthority) -> ListenerOptions {
        var options = ListenerOptions()
        options.tls = TLSIdentity(
            certificateFile: authority.file("server.pem"), keyFile: authority.file("server.key"))
        return options
    }

    /// Common name of the certificate a server shows.
    private func subject(at port: Int) throws -> String {
        let output = try run("/usr/bin/openssl", ["s_client", "-connect", "127.0.0.1:\(port)"]).output
        let line = output.split(separator: "\n").first { $0.hasPrefix("subject=") } ?? ""
        return String(line.split(separator: " ").last ?? "")
    }
}
