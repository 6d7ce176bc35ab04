import Glibc

/// A connection that carries a WebSocket once it is open, either side of it: frames in, a bounded queue out, and an end
/// that is told once. Loop thread.
@safe class FramedConnection: SocketConnection, @unchecked Sendable {
    final private(set) var webSocket: WebSocket?
    final private var decoder = FrameDecoder(role: .server, maximumMessageBytes: 0)
    final private(set) var queue = ByteQueue(limit: 0)
    final private var isMasked = false
    /// Frames flow, neither side has said that it closes.
    final private var isFraming = false
    final private(set) var ourClose: (code: UInt16?, reason: String)?
    /// Why it ends, once that is known.
    final var outcome: WebSocketClose?

    /// Room in the send queue for pongs and the close frame, beyond what messages may fill.
    static var controlReserve: Int { 1_024 }
    /// Given to the kernel at once: one TLS record.
    static var writeBytes: Int { 16 * 1024 }

    // MARK: What a subclass makes of it

    /// The last bytes are to go out, and then the end is reported as `outcome`.
    func finishFlushing() {}

    // MARK: Opening

    final func carry(_ webSocket: WebSocket, role: FrameDecoder.Role) {
        decoder = FrameDecoder(role: role, maximumMessageBytes: webSocket.options.maximumMessageBytes)
        queue = ByteQueue(limit: webSocket.options.sendQueueBytes + Self.controlReserve)
        isMasked = role == .client
        isFraming = true
        self.webSocket = webSocket
    }

    /// A client has its socket before it has a connection.
    final func announce(_ webSocket: WebSocket) { self.webSocket = webSocket }

    // MARK: In

    final func readFrames(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
        guard let held = webSocket else { return }
        // Not counted as a reference: `report` comes between events, never in the middle of one.
        unowned(unsafe) let webSocket = held
        unsafe webSocket.receivedBytes()
        var bytes = unsafe bytes
        while isFraming {
            switch unsafe decoder.next(&bytes) {
            case .needsMore:
                return
            case .text:
                let message = unsafe decoder.payload
                unsafe webSocket.received(message.span, isText: true)
            case .binary:
                let message = unsafe decoder.payload
                unsafe webSocket.received(message.span, isText: false)
            case .ping:
                let payload = unsafe decoder.payload
                if ourClose == nil { _ = unsafe enqueue(.pong, payload.span) }
            case .pong:
                break
            case .close(let code):
                let reason = unsafe String(decoding: decoder.payload, as: UTF8.self)
                var close = WebSocketClose(cause: .closed, code: code, reason: reason)
                if let ourClose {
                    // An answer need not say our reason again.
                    if reason.isEmpty, code == ourClose.code { close.reason = ourClose.reason }
                } else {
                    queueClose(code: code, reason: "")
                }
                end(close)
            case .violation(let violation):
                if ourClose == nil { queueClose(code: violation.closeCode, reason: violation.reason) }
                let cause: WebSocketClose.Cause = violation == .messageTooLarge ? .messageTooLarge : .protocolViolation
                end(WebSocketClose(cause: cause, code: violation.closeCode, reason: violation.reason))
            }
        }
    }

    private func end(_ close: WebSocketClose) {
        webSocket?.isEnding()
        if outcome == nil { outcome = close }
        isFraming = false
        finishFlushing()
    }

    // MARK: Out

    final func enqueue(_ opcode: FrameOpcode, _ payload: Span<UInt8>) -> Bool {
        guard isFraming, ourClose == nil else { return false }
        let size = FrameEncoder.byteCount(payloadBytes: payload.count, isMasked: isMasked)
        let reserve = opcode.isControl ? 0 : Self.controlReserve
        guard queue.count + size <= queue.limit - reserve, let room = unsafe queue.room(size, from: loop.rooms) else {
            return false
        }
        unsafe FrameEncoder.encode(opcode, payload: payload, maskKey: isMasked ? loop.nextMaskKey() : nil, into: room)
        queue.commit(size)
        askFlush()
        return true
    }

    private func queueClose(code: UInt16?, reason: String) {
        ourClose = (code, reason)
        guard let room = unsafe queue.room(FrameEncoder.maximumCloseFrameBytes, from: loop.rooms) else { return }
        queue.commit(
            unsafe FrameEncoder.encodeClose(
                code: code, reason: reason, maskKey: isMasked ? loop.nextMaskKey() : nil, into: room))
        askFlush()
    }

    /// Sends a close frame after what is queued.
    final func beginClose(code: UInt16, reason: String) {
        if ourClose == nil { queueClose(code: code, reason: reason) }
    }

    /// Writes what is queued, one piece: for more, epoll says when the peer has taken enough of what the kernel holds.
    /// - Returns: false when the socket is lost.
    final func flushQueue() -> Bool {
        guard !queue.isEmpty, let start = unsafe queue.front.baseAddress else { return true }
        let written = unsafe write(start, min(queue.count, Self.writeBytes))
        guard written >= 0 else { return false }
        queue.drop(written, to: loop.rooms)
        if written > 0 { webSocket?.wrote() }
        if !queue.isEmpty { askWritable() }
        return true
    }

    // MARK: Ends

    /// The handler hears the end once, as soon as it is known.
    final func report() {
        guard let webSocket else { return }
        self.webSocket = nil
        queue = ByteQueue(limit: 0)
        webSocket.ended(outcome ?? WebSocketClose(cause: .disconnected))
    }

    /// Tells the handler and drops the socket.
    final func fail(_ close: WebSocketClose) {
        if outcome == nil || close.cause == .aborted { outcome = close }
        endSocket()
    }

    override func loopIsStopping() { fail(WebSocketClose(cause: .aborted, reason: "the loop is stopping")) }
}
