import COpenSSL
import Glibc

/// A WebSocket client connection: looks the name up, tries one address after another, sets up TLS, asks for the upgrade.
@safe final class ClientConnection: FramedConnection, @unchecked Sendable {
    private enum Phase {
        case connecting, upgrading, open
        /// The last bytes are going out; input is thrown away.
        case flushing
        /// Our half is closed, and the server's is waited for.
        case lingering
    }

    private let target: WebSocketURL
    private let headers: [(name: String, value: String)]
    private let options: WebSocketOptions
    private var phase = Phase.connecting
    /// Still to be tried, the next one last.
    private var addresses: [String] = []
    private var request: [UInt8] = []
    private var requestSent = 0
    private var response = UpgradeResponse()
    private let key: String
    private var lingersUntil: UInt64 = 0

    private static var lingerMilliseconds: Int { 1_000 }

    init(
        to target: WebSocketURL, headers: [(name: String, value: String)], options: WebSocketOptions, on loop: EventLoop
    ) throws(TransportError) {
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else { throw TransportError(.badHeader, "header \"\(name)\": expected a name and one line of text") }
        }
        let size = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        guard size <= 16 * 1024 else {
            throw TransportError(.badHeader, "headers of \(size) bytes: expected at most \(16 * 1024)")
        }
        if let file = options.trustedAuthoritiesFile, target.isSecure {
            unsafe _ = try ClientTrust.context(trusting: file)
        }
        (self.target, self.headers, self.options) = (target, headers, options)
        key = Self.makeKey()
        super.init(loop: loop)
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// Sixteen random bytes in base64. Source: RFC 6455, section 4.1.
    private static func makeKey() -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let status = unsafe RAND_bytes(&bytes, 16)
        precondition(status == 1, "OpenSSL has no random bytes")
        // EVP_EncodeBlock ends its text with a zero byte.
        var text = [UInt8](repeating: 0, count: 25)
        let length = unsafe EVP_EncodeBlock(&text, bytes, 16)
        return String(decoding: text[..<Int(length)], as: UTF8.self)
    }

    // MARK: Connecting

    func start(_ webSocket: WebSocket) {
        announce(webSocket)
        loop.reserveConnection()
        join()
        // Through the inbox even for a numeric address: nothing is reported before `connect` has returned.
        NameLookup.find(target.host) { outcome in
            self.loop.submitAlways { self.found(outcome) }
        }
    }

    private func found(_ outcome: NameLookup.Outcome) {
        guard !isGone, self.outcome == nil else { return }
        switch outcome {
        case .failure(let reason):
            fail(WebSocketClose(cause: .nameNotFound, reason: "\(target.host): \(reason)"))
        case .addresses(let found):
            // Reversed: taken from the end.
            addresses = found.reversed()
            connectNext()
        }
    }

    private func connectNext() {
        guard outcome == nil, !isGone, let address = addresses.popLast() else { return }
        phase = .connecting
        connect(to: address, port: target.port)
    }

    override func connected() throws(TransportError) -> OpaquePointer? {
        guard target.isSecure else { return nil }
        let trusted: OpaquePointer
        if let file = options.trustedAuthoritiesFile {
            unsafe trusted = try ClientTrust.context(trusting: file)
        } else {
            unsafe trusted = ClientTrust.systemContext
        }
        guard let session = unsafe SSL_new(trusted) else {
            throw TransportError(.library, "OpenSSL made no session")
        }
        guard unsafe media_bridge_ssl_expect(session, target.host, target.hasNumericHost ? 1 : 0) == 1 else {
            unsafe SSL_free(session)
            throw TransportError(.library, "OpenSSL does not take \(target.host) for a name")
        }
        return unsafe session
    }

    override func established() {
        phase = .upgrading
        var head = "GET \(target.target) HTTP/1.1\r\nHost: \(target.hostHeader)\r\nUpgrade: websocket\r\n"
        head += "Connection: Upgrade\r\nSec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        request = Array((head + "\r\n").utf8)
        requestSent = 0
        askFlush()
    }

    override func lost(_ loss: Loss) {
        guard outcome == nil else { return endSocket() }
        switch (phase, loss) {
        case (.connecting, .failed(let code)):
            guard addresses.isEmpty else {
                closeSocket()
                loop.submitAlways { self.connectNext() }
                return
            }
            outcome = WebSocketClose(cause: .connectionRefused, reason: describe(errno: code))
        case (_, .handshake(let reason)):
            outcome = WebSocketClose(cause: .tlsFailed, reason: reason)
        case (.connecting, .peerClosed), (.upgrading, _):
            outcome = WebSocketClose(cause: .disconnected, reason: "closed before the upgrade was answered")
        default: break
        }
        endSocket()
    }

    // MARK: In

    override func received(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        switch phase {
        case .upgrading: return unsafe readResponse(bytes)
        case .open: unsafe readFrames(bytes)
        case .connecting, .flushing, .lingering: break
        }
        return true
    }

    private func readResponse(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        switch unsafe response.consume(bytes.span, accept: WebSocketHandshake.accept(for: key)) {
        case .needsMore: return true
        case .refused(let status):
            outcome = WebSocketClose(cause: .upgradeRefused, reason: "HTTP status \(status)", httpStatus: status)
            return false
        case .invalid(let reason):
            outcome = WebSocketClose(cause: .protocolViolation, reason: reason)
            return false
        case .opened(let consumed):
            guard let webSocket else { return false }
            phase = .open
            carry(webSocket, role: .client)
            webSocket.opened()
            let rest = unsafe UnsafeMutableBufferPointer(rebasing: bytes[consumed...])
            if !rest.isEmpty { unsafe readFrames(rest) }
            return true
        }
    }

    override func finishFlushing() {
        phase = .flushing
        setReading(true)
        askFlush()
    }

    // MARK: Out

    override func flush() -> Bool {
        if requestSent < request.count {
            let written = unsafe request.withUnsafeBufferPointer {
                unsafe write($0.baseAddress! + requestSent, $0.count - requestSent)
            }
            guard written >= 0 else { return false }
            requestSent += written
            guard requestSent == request.count else {
                askWritable()
                return true
            }
            request = []
            requestSent = 0
        }
        guard flushQueue() else { return false }
        guard queue.isEmpty else { return true }
        switch phase {
        case .open: webSocket?.drained()
        case .flushing:
            phase = .lingering
            lingersUntil = EventLoop.now + milliseconds(Self.lingerMilliseconds)
            shutWriting()
            report()
        case .connecting, .upgrading, .lingering: break
        }
        return true
    }

    // MARK: Ends

    override func socketEnded() { report() }

    override func sweep(now: UInt64) {
        if phase == .lingering, now > lingersUntil { return endSocket() }
        if let webSocket, let close = webSocket.sweep(now: now) { fail(close) }
    }
}
