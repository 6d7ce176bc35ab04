import Glibc

/// A connection a listener accepted: HTTP/1.1 requests one after another and, after an upgrade, a WebSocket.
@safe final class ServerConnection: FramedConnection, @unchecked Sendable {
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
    private var saidContinue = false
    private var answerIsHead = false
    private var answerKeepsAlive = false
    private var exchangeNumber = 0
    private var hasAnswered = false
    /// What of an answer is still in its file.
    private var file: HTTPFileBody?
    private var fileSent: Int64 = 0
    private var isReadingFile = false

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
        switch phase {
        case .reading: return unsafe readRequests(bytes)
        case .answering:
            unsafe early.append(contentsOf: bytes)
            if early.count > Self.earlyLimit / 2 { setReading(false) }
            return true
        case .webSocket:
            unsafe readFrames(bytes)
            return true
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
        send(WebSocketHandshake.response(accept: accept))
        let webSocket = WebSocket(loop: loop, options: options, handler: handler, connection: self)
        carry(webSocket, role: .server)
        webSocket.opened()
        if !rest.isEmpty { unsafe readFrames(rest) }
        return true
    }

    override func finishFlushing() { flush(then: outcome) }

    // MARK: Output

    override func flush() -> Bool {
        guard phase != .lingering else { return true }
        if outputSent < output.count {
            let count = min(output.count - outputSent, Self.writeBytes)
            let written = unsafe output.withUnsafeBufferPointer { unsafe write($0.baseAddress! + outputSent, count) }
            guard written >= 0 else { return false }
            outputSent += written
            if outputSent == output.count { (output, outputSent) = ([], 0) }
            if written > 0 { extendAnswer() }
        }
        if output.isEmpty, !flushQueue() { return false }
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

    private func linger() {
        phase = .lingering
        phaseDeadline = EventLoop.now + milliseconds(Self.lingerMilliseconds)
        shutWriting()
        report()
    }

    // MARK: Ends

    override func socketEnded() {
        report()
        acceptor.connectionEnded()
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
