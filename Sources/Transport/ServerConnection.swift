import CLibwebsockets
import CLinux
import COpenSSL
import Glibc

/// A connection a listener accepted: HTTP/1.1 requests one after another and, after an upgrade, a WebSocket.
@safe final class ServerConnection: SocketConnection, @unchecked Sendable {
    private enum Phase {
        /// Between requests, or in the middle of one.
        case reading
        /// A service holds the exchange.
        case answering
        case webSocket
        /// The last bytes are going out; input is thrown away.
        case flushing
        /// Our half is closed; waiting for the peer to close its own, so that no reset overtakes the last bytes.
        case lingering
    }

    private let acceptor: Acceptor
    private let remoteAddress: String
    private let isSecure: Bool
    private var phase = Phase.reading
    private var phaseDeadline: UInt64

    // HTTP.
    private var parser: HTTPHeadParser?
    private var output: [UInt8] = []
    private var outputSent = 0
    private var early: [UInt8] = []
    private var hasServed = false
    private var hasSettled = false
    private var saidContinue = false
    private var answerIsHead = false
    private var answerKeepsAlive = false
    private var exchangeNumber = 0
    private var hasAnswered = false
    /// What of an answer is still in its file.
    private var file: HTTPFileBody?
    private var fileSent: Int64 = 0
    private var isReadingFile = false

    // WebSocket.
    private var webSocket: WebSocket?
    private var handler: (any WebSocketHandler)?
    private var decoder = FrameDecoder(role: .server, maximumMessageBytes: 0)
    private var queue = ByteQueue(limit: 0)
    private var sentClose = false
    private var outcome: WebSocketClose?

    /// Room in the send queue for pongs and the close frame, beyond what messages may fill.
    static var controlReserve: Int { 1_024 }
    /// Given to the kernel at once: one TLS record.
    static var writeBytes: Int { 16 * 1024 }
    static var lingerMilliseconds: Int { 2_000 }
    /// Bytes of a next request kept while one is being answered; a peer that sends more is not read further.
    static var earlyLimit: Int { 64 * 1024 }

    init(acceptor: Acceptor, loop: EventLoop, remoteAddress: String, isSecure: Bool) {
        (self.acceptor, self.remoteAddress, self.isSecure) = (acceptor, remoteAddress, isSecure)
        phaseDeadline = EventLoop.now + milliseconds(acceptor.limits.requestDeadlineMilliseconds)
        parser = HTTPHeadParser(limits: acceptor.limits)
        super.init(loop: loop)
    }

    // MARK: Input

    override func received(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        if isSecure && !hasSettled {
            // libwebsockets lets a TLS connection live `timeout_secs`, waiting for a handshake of its own roles.
            hasSettled = true
            clearTimeout()
        }
        switch phase {
        case .reading: return unsafe readRequests(bytes)
        case .answering:
            unsafe early.append(contentsOf: bytes)
            if early.count > Self.earlyLimit / 2 { setReading(false) }
            return true
        case .webSocket: return unsafe readFrames(bytes)
        case .flushing, .lingering: return true
        }
    }

    private func readRequests(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        guard let parser else { return true }
        if hasServed && !parser.isMidRequest && bytes.count > 0 {
            phaseDeadline = EventLoop.now + milliseconds(acceptor.limits.requestDeadlineMilliseconds)
        }
        let (consumed, outcome) = unsafe parser.consume(bytes.span)
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: bytes[consumed...])
        switch outcome {
        case .needsMore:
            if parser.awaitsContinue && !saidContinue {
                saidContinue = true
                send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            }
            return true
        case .failure(let failure):
            answerAndClose(.text(failure.status, failure.reason + "\n"))
            return true
        case .request(let parsed):
            return unsafe serve(parsed, rest: rest)
        }
    }

    private func serve(_ parsed: HTTPHeadParser.Parsed, rest: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        var request = parsed.request
        request.remoteAddress = remoteAddress
        request.isSecure = isSecure
        (hasServed, saidContinue) = (true, false)
        switch WebSocketHandshake.judge(request, isHTTP11: parsed.isHTTP11) {
        case .refuse(let response):
            answerAndClose(response)
            return true
        case .accept(let key):
            switch acceptor.service.upgrade(request, on: loop) {
            case .refuse(let response):
                answerAndClose(response)
                return true
            case .accept(let handler, let options):
                return unsafe open(handler, options, accept: key, rest: rest)
            }
        case .ordinary:
            break
        }
        phase = .answering
        phaseDeadline = 0
        answerIsHead = request.method == "HEAD"
        answerKeepsAlive = parsed.keepsAlive
        exchangeNumber += 1
        hasAnswered = false
        unsafe early.append(contentsOf: rest)
        acceptor.service.handle(request, ServerExchange(connection: self, number: exchangeNumber))
        return true
    }

    // MARK: Answers

    /// Loop thread. An answer to another exchange than the one under way comes too late.
    func answer(_ response: HTTPResponse, to number: Int) {
        guard phase == .answering, number == exchangeNumber, !hasAnswered, !isGone else { return }
        hasAnswered = true
        let bytes = HTTPResponseWriter.bytes(
            of: response, keepsAlive: answerKeepsAlive, isHead: answerIsHead, date: loop.httpDate())
        send(bytes)
        if let file = response.file, file.count > 0, !answerIsHead {
            (self.file, fileSent) = (file, 0)
        } else if !answerKeepsAlive {
            flush(then: nil)
        }
        extendAnswer()
    }

    /// The next piece of the answer's file, which is read elsewhere. One at a time: the peer sets the pace.
    private func readFile(_ file: HTTPFileBody) {
        guard !isReadingFile else { return }
        isReadingFile = true
        file.read(at: fileSent) { [self] bytes in loop.submitAlways { [self] in send(bytes, of: file) } }
    }

    private func send(_ bytes: [UInt8], of file: HTTPFileBody) {
        isReadingFile = false
        guard self.file === file, phase == .answering, !isGone else { return }
        // A length was promised that the file no longer has: only the end of the connection says so.
        guard !bytes.isEmpty else { return endSocket() }
        fileSent += Int64(bytes.count)
        send(bytes)
        guard fileSent == file.count else { return }
        self.file = nil
        if !answerKeepsAlive { flush(then: nil) }
    }

    private func answerAndClose(_ response: HTTPResponse) {
        send(HTTPResponseWriter.bytes(of: response, keepsAlive: false, date: loop.httpDate()))
        flush(then: nil)
    }

    /// A peer may take its time over an answer as long as it takes something of it.
    private func extendAnswer() {
        guard phase == .answering || phase == .flushing && webSocket == nil else { return }
        phaseDeadline = EventLoop.now + milliseconds(acceptor.limits.requestDeadlineMilliseconds)
    }

    private func send(_ bytes: [UInt8]) {
        if output.isEmpty { output = bytes } else { output += bytes }
        askFlush()
    }

    /// Throws further input away, sends what is queued, then closes.
    private func flush(then outcome: WebSocketClose?) {
        if self.outcome == nil { self.outcome = outcome }
        phase = .flushing
        early = []
        phaseDeadline = EventLoop.now + milliseconds(WebSocket.closingMilliseconds)
        setReading(true)
        askFlush()
    }

    /// The answer is out: ready for the next request.
    private func continueReading() -> Bool {
        phase = .reading
        parser?.reset()
        phaseDeadline = EventLoop.now + milliseconds(acceptor.limits.keepAliveMilliseconds)
        setReading(true)
        guard !early.isEmpty else { return true }
        var bytes = early
        early = []
        return unsafe bytes.withUnsafeMutableBufferPointer { unsafe readRequests($0) }
    }

    // MARK: WebSocket

    private func open(
        _ handler: any WebSocketHandler, _ options: WebSocketOptions, accept: String,
        rest: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        parser = nil
        phase = .webSocket
        phaseDeadline = 0
        decoder = FrameDecoder(role: .server, maximumMessageBytes: options.maximumMessageBytes)
        queue = ByteQueue(limit: options.sendQueueBytes + Self.controlReserve)
        send(WebSocketHandshake.response(accept: accept))
        let webSocket = WebSocket(loop: loop, options: options, handler: handler, connection: self)
        (self.webSocket, self.handler) = (webSocket, handler)
        webSocket.opened()
        return rest.isEmpty || phase != .webSocket ? true : unsafe readFrames(rest)
    }

    private func readFrames(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        guard let webSocket else { return true }
        webSocket.receivedBytes()
        var bytes = unsafe bytes
        while phase == .webSocket {
            switch unsafe decoder.next(&bytes) {
            case .needsMore:
                return true
            case .text:
                let message = unsafe decoder.payload
                unsafe webSocket.received(message.span, isText: true)
            case .binary:
                let message = unsafe decoder.payload
                unsafe webSocket.received(message.span, isText: false)
            case .ping:
                let payload = unsafe decoder.payload
                if !sentClose { _ = unsafe enqueue(.pong, payload.span) }
            case .pong:
                break
            case .close(let code):
                let reason = unsafe String(decoding: decoder.payload, as: UTF8.self)
                if !sentClose { queueClose(code: code, reason: "") }
                webSocket.isEnding()
                flush(then: WebSocketClose(cause: .closed, code: code, reason: reason))
            case .violation(let violation):
                if !sentClose { queueClose(code: violation.closeCode, reason: violation.reason) }
                webSocket.isEnding()
                let cause: WebSocketClose.Cause = violation == .messageTooLarge ? .messageTooLarge : .protocolViolation
                flush(then: WebSocketClose(cause: cause, code: violation.closeCode, reason: violation.reason))
            }
        }
        return true
    }

    override func enqueue(_ opcode: FrameOpcode, _ payload: Span<UInt8>) -> Bool {
        guard webSocket != nil else { return false }
        let size = FrameEncoder.byteCount(payloadBytes: payload.count, isMasked: false)
        let reserve = opcode.isControl ? 0 : Self.controlReserve
        guard queue.count + size <= queue.limit - reserve, let room = unsafe queue.room(size) else { return false }
        unsafe FrameEncoder.encode(opcode, payload: payload, into: room)
        queue.commit(size)
        askFlush()
        return true
    }

    private func queueClose(code: UInt16?, reason: String) {
        sentClose = true
        guard let room = unsafe queue.room(FrameEncoder.maximumCloseFrameBytes) else { return }
        queue.commit(unsafe FrameEncoder.encodeClose(code: code, reason: reason, into: room))
        askFlush()
    }

    override var queuedBytes: Int { queue.count }

    override func beginClose(code: UInt16, reason: String) { queueClose(code: code, reason: reason) }

    override func fail(_ close: WebSocketClose) {
        if outcome == nil || close.cause == .aborted { outcome = close }
        endSocket()
    }

    // MARK: Output

    override func writable() -> Bool {
        guard phase != .lingering else { return true }
        if outputSent < output.count {
            let count = min(output.count - outputSent, Self.writeBytes)
            let written = unsafe output.withUnsafeBufferPointer { unsafe write($0.baseAddress! + outputSent, count) }
            guard written >= 0 else { return false }
            outputSent += written
            if outputSent == output.count { (output, outputSent) = ([], 0) }
            if written > 0 { extendAnswer() }
        }
        if output.isEmpty, !queue.isEmpty, let start = unsafe queue.front.baseAddress {
            let written = unsafe write(start, min(queue.count, Self.writeBytes))
            guard written >= 0 else { return false }
            queue.drop(written)
            if written > 0 { webSocket?.wrote() }
        }
        guard output.isEmpty, queue.isEmpty else {
            askWritable()
            return true
        }
        switch phase {
        case .answering where hasAnswered:
            guard let file else { return continueReading() }
            readFile(file)
        case .webSocket: webSocket?.drained()
        case .flushing: linger()
        default: break
        }
        return true
    }

    /// To the kernel at once, not through `lws_write`: that copies aside what a short write leaves, and until it is gone a
    /// readable socket of the raw role wakes the loop forever without being read.
    ///
    /// - Returns: bytes taken, 0 when there is no room, -1 when the connection is lost.
    private func write(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        guard let socket = unsafe socket else { return -1 }
        guard isSecure else {
            let written = unsafe Glibc.send(descriptor, bytes, count, CInt(MSG_NOSIGNAL))
            return written < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : written
        }
        guard let tls = unsafe lws_get_ssl(socket) else { return -1 }
        ERR_clear_error()
        var written = 0
        if unsafe SSL_write_ex(tls, bytes, count, &written) == 1 { return written }
        let reason = unsafe SSL_get_error(tls, 0)
        return reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ ? 0 : -1
    }

    private func linger() {
        phase = .lingering
        phaseDeadline = EventLoop.now + milliseconds(Self.lingerMilliseconds)
        if let socket = unsafe socket {
            if let tls = unsafe lws_get_ssl(socket) {
                unsafe _ = SSL_shutdown(tls)
                ERR_clear_error()
            }
            _ = shutdown(descriptor, CInt(SHUT_WR))
        }
        report()
    }

    // MARK: Ends

    /// The handler hears the end once, as soon as it is known.
    private func report() {
        guard let webSocket else { return }
        let close = outcome ?? WebSocketClose(cause: .disconnected)
        self.webSocket = nil
        queue = ByteQueue(limit: 0)
        webSocket.ended(close)
        handler = nil
    }

    override func socketEnded() {
        report()
        acceptor.connectionEnded()
    }

    override func loopIsStopping() {
        fail(WebSocketClose(cause: .aborted, reason: "the loop is stopping"))
    }

    override func sweep(now: UInt64) {
        if let webSocket, phase == .webSocket, let close = webSocket.sweep(now: now) {
            fail(close)
            return
        }
        guard phaseDeadline > 0, now > phaseDeadline else { return }
        if phase == .reading, let parser, parser.isMidRequest {
            answerAndClose(.text(408, "the request was not whole in time\n"))
        } else {
            endSocket()
        }
    }
}
