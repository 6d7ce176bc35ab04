/// One WebSocket, server or client side. Every member belongs to the thread of its `loop`.
public final class WebSocket {
    public let loop: EventLoop
    /// Until it has been told of the end.
    public private(set) var handler: (any WebSocketHandler)?
    public let options: WebSocketOptions

    enum State { case connecting, open, closing, closed }
    private(set) var state = State.connecting
    /// Moves the bytes. It lets go of the socket when it has told it of the end.
    private let connection: FramedConnection

    // Monotonic nanoseconds; zero when it does not apply.
    private let madeAt: UInt64
    private var openedAt: UInt64 = 0
    private var lastReceived: UInt64 = 0
    private var lastProgress: UInt64 = 0
    private var lastPing: UInt64 = 0
    // Since the last sweep, which reads the clock for them: deadlines are kept to a tenth of a second.
    private var hasReceived = false
    private var hasProgressed = false
    private var closeDeadline: UInt64 = 0
    private var awaitsPong = false
    private var hasMessage = false
    private var isReading = true
    private var hasRefused = false

    /// How long a close handshake, or the flush before an end, may take.
    static var closingMilliseconds: Int { 5_000 }

    init(loop: EventLoop, options: WebSocketOptions, handler: any WebSocketHandler, connection: FramedConnection) {
        (self.loop, self.options, self.handler, self.connection) = (loop, options, handler, connection)
        madeAt = EventLoop.now
    }

    /// Opens a client connection. Names are resolved off the loop's thread. The handler hears `webSocketDidOpen` or,
    /// when it fails, `webSocketDidClose`, never both and never before this returns.
    ///
    /// - Parameter url: `ws://` or `wss://`, with host, optional port, path and query.
    /// - Parameter headers: added to the upgrade request as they are.
    /// - Throws: `TransportError` only for a URL or option that can never work.
    public static func connect(
        to url: String, headers: [(name: String, value: String)] = [], options: WebSocketOptions = .init(),
        on loop: EventLoop, handler: any WebSocketHandler
    ) throws(TransportError) -> WebSocket {
        loop.preconditionOnThread()
        let connection = try ClientConnection(
            to: WebSocketURL(url), headers: headers, options: options, on: loop)
        let socket = WebSocket(loop: loop, options: options, handler: handler, connection: connection)
        connection.start(socket)
        return socket
    }

    // MARK: Sending

    /// Queues one text message and returns at once; bytes are copied into the socket's send queue. The message is not
    /// checked to be UTF-8.
    /// - Returns: false when the bounded queue has no room (counted); nothing was queued then.
    @discardableResult public func sendText(_ message: Span<UInt8>) -> Bool { send(.text, message) }
    @discardableResult public func sendText(_ message: String) -> Bool { send(.text, message.utf8Span.span) }
    @discardableResult public func sendBinary(_ message: Span<UInt8>) -> Bool { send(.binary, message) }

    private func send(_ opcode: FrameOpcode, _ message: Span<UInt8>) -> Bool {
        guard state == .open else { return false }
        if connection.queue.isEmpty { hasProgressed = true }
        guard connection.enqueue(opcode, message) else {
            hasRefused = true
            refusedMessages += 1
            return false
        }
        return true
    }

    /// Messages that found no room.
    public private(set) var refusedMessages = 0

    /// Bytes accepted and not yet given to the kernel.
    public var queuedBytes: Int { connection.queue.count }

    // MARK: Reading

    /// Stops or resumes reading from the peer (back-pressure by TCP). What was already read may still be delivered.
    /// The deadlines that wait for the peer's bytes rest meanwhile.
    public func pauseReading() {
        guard isReading, state != .closed else { return }
        isReading = false
        connection.setReading(false)
    }
    public func resumeReading() {
        guard !isReading, state != .closed else { return }
        isReading = true
        lastReceived = EventLoop.now
        (lastPing, awaitsPong) = (lastReceived, false)
        connection.setReading(true)
    }

    // MARK: Ending

    /// Sends a close frame after what is queued, waits a bounded time for the peer's, then closes.
    public func close(code: UInt16 = 1000, reason: String = "") {
        switch state {
        case .connecting:
            abort()
        case .open:
            state = .closing
            closeDeadline = EventLoop.now + milliseconds(Self.closingMilliseconds)
            if !isReading { connection.setReading(true) }
            connection.beginClose(code: code, reason: reason)
        case .closing, .closed:
            break
        }
    }

    /// Drops the connection at once. The handler still hears `webSocketDidClose`, after this returns.
    public func abort() {
        guard state != .closed else { return }
        isEnding()
        connection.fail(WebSocketClose(cause: .aborted))
    }

    // MARK: What the connection reports

    func opened() {
        state = .open
        openedAt = EventLoop.now
        (lastReceived, lastProgress, lastPing) = (openedAt, openedAt, openedAt)
        handler?.webSocketDidOpen(self)
    }

    func receivedBytes() { hasReceived = true }

    func received(_ message: Span<UInt8>, isText: Bool) {
        guard state == .open else { return }
        hasMessage = true
        // Not counted as a reference: the end is told between events, never in the middle of one.
        unowned(unsafe) let listener = handler
        unsafe listener?.webSocket(self, didReceive: message, isText: isText)
    }

    func wrote() { hasProgressed = true }

    func drained() {
        guard hasRefused, state == .open else { return }
        hasRefused = false
        handler?.webSocketDidDrain(self)
    }

    /// The last few bytes are on their way out, or the peer's close frame is awaited: nothing more is delivered.
    func isEnding() {
        guard state == .open else { return }
        state = .closing
        closeDeadline = EventLoop.now + milliseconds(Self.closingMilliseconds)
    }

    func ended(_ close: WebSocketClose) {
        guard state != .closed else { return }
        state = .closed
        let last = handler
        handler = nil
        last?.webSocketDidClose(self, close)
    }

    /// - Returns: why the socket must end now, if it must.
    func sweep(now: UInt64) -> WebSocketClose? {
        func isPast(_ start: UInt64, _ limit: Int) -> Bool { limit > 0 && now > start + milliseconds(limit) }
        switch state {
        case .connecting:
            return isPast(madeAt, options.connectDeadlineMilliseconds)
                ? WebSocketClose(
                    cause: .connectTimeout, reason: "not open after \(options.connectDeadlineMilliseconds) ms")
                : nil
        case .closing:
            return now > closeDeadline
                ? WebSocketClose(cause: .disconnected, reason: "the peer did not answer our close frame") : nil
        case .closed:
            return nil
        case .open:
            break
        }
        if hasReceived { (lastReceived, awaitsPong, hasReceived) = (now, false, false) }
        if hasProgressed { (lastProgress, hasProgressed) = (now, false) }
        if !connection.queue.isEmpty, isPast(lastProgress, options.writeDeadlineMilliseconds) {
            return WebSocketClose(cause: .writeDeadline)
        }
        if !hasMessage, isPast(openedAt, options.firstMessageDeadlineMilliseconds) {
            return WebSocketClose(cause: .firstMessageDeadline)
        }
        guard isReading else { return nil }
        if isPast(lastReceived, options.idleDeadlineMilliseconds) { return WebSocketClose(cause: .idleDeadline) }
        if isPast(lastPing, options.pingIntervalMilliseconds) {
            if awaitsPong { return WebSocketClose(cause: .pingDeadline) }
            lastPing = now
            awaitsPong = true
            _ = connection.enqueue(.ping, Span())
        }
        return nil
    }
}

func milliseconds(_ count: Int) -> UInt64 { UInt64(max(0, count)) * 1_000_000 }
