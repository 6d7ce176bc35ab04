import CLibwebsockets
import CLinux
import COpenSSL
import Glibc

/// A WebSocket client connection: libwebsockets' own client, for its raw sockets cannot start TLS.
@safe final class ClientConnection: SocketConnection, @unchecked Sendable {
    private let target: WebSocketURL
    private let headers: [(name: String, value: String)]
    private let options: WebSocketOptions
    private var webSocket: WebSocket?

    // How far the attempt got, for the reason when it fails.
    private var addresses: [String] = []
    private var hasSentRequest = false
    private var isOpen = false
    private var verifyError: String?
    private var failure: WebSocketClose?

    private var queue: ByteQueue
    private var message = MessageBuffer()
    private var closeCode: UInt16?
    private var closeReason = ""
    private var hasSentClose = false
    private var peerClose: WebSocketClose?

    /// Before each message in the queue: its length and opcode, then the room libwebsockets writes its header in.
    private static var recordHeader: Int { 8 }
    private static var recordOverhead: Int { recordHeader + Int(media_bridge_lws_pre) }
    /// Room for pings, beyond what messages may fill.
    private static var controlReserve: Int { 512 }

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
        queue = ByteQueue(limit: options.sendQueueBytes + Self.controlReserve)
        super.init(loop: loop)
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    // MARK: Connecting

    func start(_ webSocket: WebSocket) {
        self.webSocket = webSocket
        loop.reserveConnection()
        join()
        // Through the inbox even for a numeric address: nothing is reported before `connect` has returned.
        NameLookup.find(target.host) { outcome in
            self.loop.submitAlways { self.found(outcome) }
        }
    }

    private func found(_ outcome: NameLookup.Outcome) {
        guard !isGone, failure == nil else { return }
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
        guard let address = addresses.popLast(), let engine = loop.engine, failure == nil, !isGone else {
            if !isGone { leave() }
            return
        }
        unsafe attach {
            do throws(TransportError) {
                return unsafe try engine.connect(
                    target, address: address, trusting: options.trustedAuthoritiesFile, for: self)
            } catch {
                failure = WebSocketClose(cause: .tlsFailed, reason: error.message)
                return nil
            }
        }
    }

    override func retry() -> Bool {
        guard failure == nil || failure?.cause == .connectionRefused, !addresses.isEmpty, !isOpen else { return false }
        failure = nil
        loop.submitAlways { self.connectNext() }
        return true
    }

    override func clientEvent(_ reason: lws_callback_reasons, _ data: UnsafeMutableRawPointer?, _ count: Int) -> CInt {
        switch reason {
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
            hasSentRequest = true
            return unsafe appendHeaders(data, count)
        case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
            if let store = unsafe data, verifyError == nil {
                let text = unsafe String(cString: media_bridge_ssl_verify_error(OpaquePointer(store)))
                if text != "ok" { verifyError = text }
            }
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
            let text = unsafe data.map {
                unsafe String(
                    decoding: UnsafeRawBufferPointer(start: $0, count: count).prefix { $0 != 0 }, as: UTF8.self)
            }
            if failure == nil { failure = failed(text ?? "") }
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
            isOpen = true
            webSocket?.opened()
        case LWS_CALLBACK_CLIENT_RECEIVE:
            return unsafe receivedPiece(
                UnsafeBufferPointer(
                    start: data.map { unsafe UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }, count: count))
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
            webSocket?.receivedBytes()
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
            unsafe peerClosed(UnsafeRawBufferPointer(start: data, count: count))
        default:
            break
        }
        return 0
    }

    private func appendHeaders(_ data: UnsafeMutableRawPointer?, _ count: Int) -> CInt {
        guard let place = unsafe data?.assumingMemoryBound(to: UnsafeMutablePointer<UInt8>.self) else { return -1 }
        var lines: [UInt8] = []
        for (name, value) in headers { lines += Array("\(name): \(value)\r\n".utf8) }
        guard lines.count <= count else { return -1 }
        unsafe place.pointee.update(from: lines, count: lines.count)
        unsafe place.pointee += lines.count
        return 0
    }

    /// What went wrong, told from how far it got; libwebsockets' own words become the reason.
    private func failed(_ text: String) -> WebSocketClose {
        if hasSentRequest {
            let status = unsafe socket.map { unsafe Int(lws_http_client_http_response($0)) } ?? 0
            if status > 0 && status != 101 {
                return WebSocketClose(cause: .upgradeRefused, reason: "HTTP status \(status)", httpStatus: status)
            }
            if status == 101 { return WebSocketClose(cause: .protocolViolation, reason: text) }
            return WebSocketClose(cause: .disconnected, reason: "closed before the upgrade was answered: \(text)")
        }
        if target.isSecure && isTCPConnected {
            return WebSocketClose(cause: .tlsFailed, reason: verifyError ?? text)
        }
        return WebSocketClose(cause: .connectionRefused, reason: text)
    }

    private var isTCPConnected: Bool {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(descriptor, $0, &length)
            }
        } == 0 || verifyError != nil
    }

    // MARK: Receiving

    /// One piece of a frame; libwebsockets says where the message ends.
    private func receivedPiece(_ piece: UnsafeBufferPointer<UInt8>) -> CInt {
        guard let webSocket, let socket = unsafe socket, failure == nil else { return 0 }
        webSocket.receivedBytes()
        let isFinal = unsafe lws_is_final_fragment(socket) != 0
        let isText = unsafe lws_frame_is_binary(socket) == 0
        guard piece.count <= options.maximumMessageBytes - message.count else {
            return refuse(.messageTooLarge, "the message is larger than the limit", code: 1009)
        }
        let whole: UnsafeBufferPointer<UInt8>
        if isFinal && message.count == 0 {
            unsafe whole = piece
        } else {
            unsafe message.append(piece)
            guard isFinal else { return 0 }
            unsafe whole = message.bytes
        }
        if isText {
            var validator = UTF8Validator()
            guard unsafe validator.append(whole.span), validator.isComplete else {
                return refuse(.protocolViolation, "text is not UTF-8", code: 1007)
            }
        }
        unsafe webSocket.received(whole.span, isText: isText)
        message.clear()
        return 0
    }

    /// Closes with a code of our own. Zero for the event: see `endSocket`.
    private func refuse(_ cause: WebSocketClose.Cause, _ reason: String, code: UInt16) -> CInt {
        webSocket?.isEnding()
        if failure == nil { failure = WebSocketClose(cause: cause, code: code, reason: reason) }
        if closeCode == nil { beginClose(code: code, reason: reason) }
        return 0
    }

    private func peerClosed(_ payload: UnsafeRawBufferPointer) {
        var close = WebSocketClose(cause: .closed)
        if payload.count >= 2 {
            close.code = unsafe UInt16(payload[0]) << 8 | UInt16(payload[1])
            close.reason = unsafe String(decoding: payload[2...], as: UTF8.self)
        }
        peerClose = close
        webSocket?.isEnding()
    }

    // MARK: Sending

    override func enqueue(_ opcode: FrameOpcode, _ payload: Span<UInt8>) -> Bool {
        guard isOpen, closeCode == nil else { return false }
        // Records stay aligned for their header.
        let size = (Self.recordOverhead + payload.count + 7) & ~7
        let reserve = opcode.isControl ? 0 : Self.controlReserve
        guard queue.count + size <= queue.limit - reserve, let room = unsafe queue.room(size) else { return false }
        let record = UnsafeMutableRawPointer(room.baseAddress!)
        unsafe record.storeBytes(of: UInt32(payload.count), as: UInt32.self)
        unsafe record.storeBytes(of: UInt32(opcode.rawValue), toByteOffset: 4, as: UInt32.self)
        unsafe payload.withUnsafeBufferPointer { source in
            if let from = source.baseAddress {
                unsafe (room.baseAddress! + Self.recordOverhead).update(from: from, count: source.count)
            }
        }
        queue.commit(size)
        askFlush()
        return true
    }

    override var queuedBytes: Int { queue.count }

    /// Each message is a write of its own; a few at once, the rest when libwebsockets says so.
    override func flush() -> Bool {
        guard isOpen else { return true }
        for _ in 0..<8 {
            guard !queue.isEmpty, !hasPartialWrite else { break }
            guard writeNext() else { return false }
        }
        if !queue.isEmpty || closeCode != nil {
            askWritable()
        } else if !hasPartialWrite {
            webSocket?.drained()
        }
        return true
    }

    override func writable() -> Bool {
        guard isOpen else { return true }
        if !queue.isEmpty {
            guard writeNext() else { return false }
            if !queue.isEmpty || hasPartialWrite {
                askWritable()
                return true
            }
        }
        if closeCode != nil {
            guard !hasSentClose else { return true }
            hasSentClose = true
            setCloseFrame(code: closeCode!, reason: closeReason)
            return false
        }
        webSocket?.drained()
        return true
    }

    /// Gives the oldest message to libwebsockets. False when the socket is lost.
    private func writeNext() -> Bool {
        guard let socket = unsafe socket else { return true }
        if let record = unsafe UnsafeMutableRawPointer(queue.front.baseAddress), !queue.isEmpty {
            let count = unsafe Int(record.load(as: UInt32.self))
            let opcode = unsafe record.load(fromByteOffset: 4, as: UInt32.self)
            let kind =
                opcode == UInt32(FrameOpcode.text.rawValue)
                ? LWS_WRITE_TEXT : opcode == UInt32(FrameOpcode.binary.rawValue) ? LWS_WRITE_BINARY : LWS_WRITE_PING
            let bytes = unsafe (record + Self.recordOverhead).assumingMemoryBound(to: UInt8.self)
            guard unsafe lws_write(socket, bytes, count, kind) >= 0 else { return false }
            queue.drop((Self.recordOverhead + count + 7) & ~7)
            webSocket?.wrote()
        }
        return true
    }

    override func beginClose(code: UInt16, reason: String) {
        (closeCode, closeReason) = (code, reason)
        askWritable()
    }

    private func setCloseFrame(code: UInt16, reason: String) {
        guard let socket = unsafe socket else { return }
        // A close frame holds 123 bytes of reason.
        var text = Array(String(decoding: Array(reason.utf8.prefix(123)), as: UTF8.self).utf8.prefix(123))
        unsafe lws_close_reason(socket, lws_close_status(rawValue: UInt32(code)), &text, text.count)
    }

    // MARK: Ends

    override func fail(_ close: WebSocketClose) {
        if failure == nil || close.cause == .aborted { failure = close }
        endSocket()
    }

    override func loopIsStopping() {
        fail(WebSocketClose(cause: .aborted, reason: "the loop is stopping"))
    }

    override func socketEnded() {
        guard let webSocket else { return }
        self.webSocket = nil
        // Our close frame went out and the socket closed without another word: libwebsockets swallows the answer.
        let answered = hasSentClose ? WebSocketClose(cause: .closed, code: closeCode, reason: closeReason) : nil
        webSocket.ended(failure ?? peerClose ?? answered ?? WebSocketClose(cause: .disconnected))
    }

    override func sweep(now: UInt64) {
        guard let webSocket else { return }
        if let close = webSocket.sweep(now: now) {
            fail(close)
        } else if webSocket.handler == nil {
            // Nobody is left to hear it or to close it.
            fail(WebSocketClose(cause: .aborted))
        }
    }
}
