import CLibwebsockets
import Glibc

/// One socket of libwebsockets', server or client side, and the half of a WebSocket that moves bytes. Loop thread.
///
/// The socket holds its connection: retained before libwebsockets learns of it, released when it says goodbye
/// (`LWS_CALLBACK_WSI_DESTROY`), the one event every socket is sure to have.
@safe class SocketConnection: LoopResident, @unchecked Sendable {
    // Sendable: closures carry it between threads, only the loop's thread looks inside.
    let loop: EventLoop
    final var residentIndex = -1
    final private(set) var socket: OpaquePointer?
    final private var isCondemned = false
    final private var isFlushPending = false
    /// True between `attach` calls: libwebsockets knows nothing of the connection.
    final private var isDetached = true
    final private(set) var isGone = false

    init(loop: EventLoop) { self.loop = loop }

    // MARK: What a subclass makes of it

    /// - Returns: false to close the socket.
    func received(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool { true }
    func writable() -> Bool { true }
    /// Writes what is queued, outside any event. False to close the socket.
    func flush() -> Bool { writable() }
    func clientEvent(_ reason: lws_callback_reasons, _ data: UnsafeMutableRawPointer?, _ count: Int) -> CInt { 0 }
    /// The socket is no more. True when another will be attached.
    func retry() -> Bool { false }
    /// Once, when the socket has closed or never came to be.
    func socketEnded() {}
    func sweep(now: UInt64) {}
    func loopIsStopping() { endSocket() }

    // MARK: What a WebSocket asks of it

    func enqueue(_ opcode: FrameOpcode, _ payload: Span<UInt8>) -> Bool { false }
    var queuedBytes: Int { 0 }
    /// Sends a close frame after what is queued.
    func beginClose(code: UInt16, reason: String) {}
    /// Tells the handler and drops the socket.
    func fail(_ close: WebSocketClose) {}

    // MARK: The socket

    /// Puts the connection into its loop's care, before there is a socket.
    final func join() { loop.add(self) }

    /// Calls `open` with the connection retained for the socket it makes.
    final func attach(_ open: () -> OpaquePointer?) {
        isDetached = false
        unsafe _ = Unmanaged.passRetained(self)
        let opened = unsafe open()
        guard !isDetached else { return }
        guard let opened = unsafe opened else {
            // libwebsockets made nothing, or tore it down without its last event.
            detached()
            return
        }
        unsafe socket = opened
        if isCondemned { loop.condemn(self) }
    }

    /// Closes the socket at the end of this round of the loop. Never from inside one of its events: libwebsockets 4.1.6
    /// forgets where it stood in a frame when a client's receive event says so, and then writes past its buffer.
    final func endSocket() {
        guard !isGone, !isCondemned else { return }
        isCondemned = true
        loop.condemn(self)
    }

    /// The loop, with no libwebsockets call on the stack.
    final func destroySocket() {
        guard let socket = unsafe socket else { return leave() }
        unsafe lws_set_timeout(socket, pending_timeout(rawValue: 1), CInt(LWS_TO_KILL_SYNC))
        guard !isDetached else { return }
        // libwebsockets wants to flush what a short write left, or to finish a close handshake. It has lost its chance:
        // every further read or write fails and ends the socket.
        _ = shutdown(descriptor, CInt(SHUT_RDWR))
        ended()
    }

    /// Something waits to be written: at the end of this round.
    final func askFlush() {
        guard !isFlushPending, !isGone else { return }
        isFlushPending = true
        loop.flushLater(self)
    }

    /// The loop, at the end of a round.
    final func flushNow() {
        isFlushPending = false
        // After a short write libwebsockets says when there is room again.
        guard !isGone, !isCondemned, unsafe socket != nil, !hasPartialWrite else { return }
        if !flush() { endSocket() }
    }

    final func askWritable() {
        if let socket = unsafe socket { unsafe lws_callback_on_writable(socket) }
    }

    final func setReading(_ isOn: Bool) {
        if let socket = unsafe socket { unsafe lws_rx_flow_control(socket, isOn ? 1 : 0) }
    }

    final func clearTimeout() {
        if let socket = unsafe socket { unsafe lws_set_timeout(socket, NO_PENDING_TIMEOUT, 0) }
    }

    /// libwebsockets keeps the rest of a short write itself.
    final var hasPartialWrite: Bool {
        guard let socket = unsafe socket else { return false }
        return unsafe lws_partial_buffered(socket) != 0
    }

    final var descriptor: CInt {
        guard let socket = unsafe socket else { return -1 }
        return unsafe lws_get_socket_fd(socket)
    }

    /// - Returns: non-zero makes libwebsockets close the socket.
    fileprivate func event(
        _ socket: OpaquePointer, _ reason: lws_callback_reasons, _ data: UnsafeMutableRawPointer?, _ count: Int
    ) -> CInt {
        unsafe self.socket = socket
        var status: CInt = 0
        switch reason {
        case LWS_CALLBACK_RAW_RX:
            let bytes = unsafe UnsafeMutableBufferPointer(
                start: data?.assumingMemoryBound(to: UInt8.self), count: count)
            if unsafe !received(bytes) { status = -1 }
        case LWS_CALLBACK_RAW_WRITEABLE, LWS_CALLBACK_CLIENT_WRITEABLE:
            if !writable() { status = -1 }
        case LWS_CALLBACK_RAW_CLOSE, LWS_CALLBACK_CLIENT_CLOSED:
            ended()
        case LWS_CALLBACK_WSI_DESTROY:
            detached()
            return 0
        default:
            status = unsafe clientEvent(reason, data, count)
        }
        return status
    }

    final private var hasEnded = false
    private func ended() {
        guard !hasEnded else { return }
        hasEnded = true
        socketEnded()
    }

    /// The socket is no more. Balances `attach`.
    private func detached() {
        guard !isDetached else { return }
        isDetached = true
        unsafe socket = nil
        if isCondemned || !retry() { leave() }
        unsafe Unmanaged.passUnretained(self).release()
    }

    final func leave() {
        guard !isGone else { return }
        isGone = true
        ended()
        loop.remove(self)
        loop.releaseConnection()
    }
}

/// Every event of every socket. Events that come with a stand-in for a socket are told apart first.
func transportEvent(
    socket: OpaquePointer?, reason: lws_callback_reasons, user: UnsafeMutableRawPointer?,
    data: UnsafeMutableRawPointer?, count: Int
) -> CInt {
    switch reason {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        // `data` is the host, `user` its SSL_CTX; the host was made with a place to put it.
        if let data = unsafe data, let place = unsafe lws_get_vhost_user(OpaquePointer(data)) {
            unsafe place.assumingMemoryBound(to: OpaquePointer?.self).pointee = OpaquePointer(user)
        }
        return 0
    case LWS_CALLBACK_RAW_RX, LWS_CALLBACK_RAW_WRITEABLE, LWS_CALLBACK_RAW_CLOSE,
        LWS_CALLBACK_CLIENT_WRITEABLE, LWS_CALLBACK_CLIENT_RECEIVE, LWS_CALLBACK_CLIENT_RECEIVE_PONG,
        LWS_CALLBACK_CLIENT_ESTABLISHED, LWS_CALLBACK_CLIENT_CLOSED, LWS_CALLBACK_CLIENT_CONNECTION_ERROR,
        LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER, LWS_CALLBACK_WS_PEER_INITIATED_CLOSE,
        LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION, LWS_CALLBACK_WSI_DESTROY:
        guard let socket = unsafe socket, let opaque = unsafe lws_get_opaque_user_data(socket) else { return 0 }
        // Retained for the call: the socket's own reference may go in it.
        let connection = unsafe Unmanaged<SocketConnection>.fromOpaque(opaque).takeUnretainedValue()
        if reason == LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION {
            // Zero accepts what OpenSSL accepted; what it refused stays refused.
            return unsafe connection.clientEvent(reason, user, count)
        }
        return unsafe connection.event(socket, reason, data, count)
    default:
        return 0
    }
}
