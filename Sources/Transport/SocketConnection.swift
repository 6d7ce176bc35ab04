import CLibev
import CLinux
import COpenSSL
import Glibc

/// One TCP socket on a loop, plain or TLS: reads what comes, writes what it is given, and never waits. Loop thread.
///
/// Its loop holds it, from `join` until `leave`. It ends at the end of a round, never inside one of its own events.
@safe class SocketConnection: LoopResident, @unchecked Sendable {
    // Sendable: closures carry it between threads, only the loop's thread looks inside.
    let loop: EventLoop
    final var residentIndex = -1
    /// -1 while there is no socket.
    final private(set) var descriptor: CInt = -1
    final private(set) var tls: OpaquePointer?
    final private let watcher: UnsafeMutablePointer<ev_io>
    /// What the loop watches for.
    final private var watched: CInt = 0
    final private var stage = Stage.closed
    final private var isReading = true
    final private var isWritableAsked = false
    final private var isCondemned = false
    final private var isFlushPending = false
    final private(set) var isGone = false
    final private var hasEnded = false

    private enum Stage { case closed, connecting, securing, open }

    /// How a socket was lost.
    enum Loss {
        /// The peer's half is closed.
        case peerClosed
        /// A system call failed.
        case failed(CInt)
        /// Before the handshake was whole, or in it.
        case handshake(String)
    }

    /// Reads of one socket in one round; what is left is read in the next, so that no socket starves the others.
    private static var readsPerRound: Int { 4 }

    init(loop: EventLoop) {
        self.loop = loop
        unsafe watcher = .allocate(capacity: 1)
        unsafe watcher.initialize(to: ev_io())
    }

    deinit {
        // A loop that has gone has stopped all its watchers.
        closeSocket()
        unsafe watcher.deallocate()
    }

    // MARK: What a subclass makes of it

    /// TCP stands (clients), before any TLS.
    /// - Returns: the TLS session that is to be set up, nil for a plain socket; or throws the reason why there is none.
    func connected() throws(TransportError) -> OpaquePointer? { nil }
    /// Bytes may flow, at the end of every set-up: TCP stands, and TLS where it was asked for.
    func established() {}
    /// - Returns: false to close the socket.
    func received(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Bool { true }
    /// Writes what is queued, in an event or at the end of a round.
    /// - Returns: false to close the socket.
    func flush() -> Bool { true }
    func lost(_ loss: Loss) { endSocket() }
    /// Once, when the socket has closed or never came to be.
    func socketEnded() {}
    func sweep(now: UInt64) {}
    func loopIsStopping() { endSocket() }

    // MARK: A socket comes

    /// Puts the connection into its loop's care, before there is a socket.
    final func join() { loop.add(self) }

    /// Takes a socket that stands, and is the server's end of TLS when there is a session.
    final func attach(_ descriptor: CInt, tls session: OpaquePointer?) {
        guard !isCondemned, !isGone else {
            close(descriptor)
            if let session = unsafe session { unsafe SSL_free(session) }
            return
        }
        take(descriptor)
        if let session = unsafe session {
            unsafe SSL_set_accept_state(session)
            unsafe secure(session)
        } else {
            stage = .open
            established()
        }
        watch()
    }

    /// Starts to connect to a numeric `address`; `connected` or `lost` follows.
    final func connect(to address: String, port: Int) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address, "\(port)", &hints, &list) == 0, let found = unsafe list else {
            return lost(.failed(EINVAL))
        }
        defer { unsafe freeaddrinfo(list) }
        let kind = unsafe found.pointee.ai_socktype | CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let made = unsafe socket(found.pointee.ai_family, kind, found.pointee.ai_protocol)
        guard made >= 0 else { return lost(.failed(errno)) }
        setPromptness(of: made)
        let status = unsafe Glibc.connect(made, found.pointee.ai_addr, found.pointee.ai_addrlen)
        guard status == 0 || errno == EINPROGRESS else {
            let reason = errno
            close(made)
            return lost(.failed(reason))
        }
        take(made)
        stage = .connecting
        watch()
    }

    private func take(_ taken: CInt) {
        descriptor = taken
        unsafe media_bridge_ev_io_init(watcher, socketIsReady, taken, 0)
        unsafe watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    private func secure(_ session: OpaquePointer) {
        unsafe tls = session
        unsafe _ = SSL_set_fd(session, descriptor)
        stage = .securing
    }

    private func finishConnecting() {
        var reason: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        unsafe _ = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &length)
        guard reason == 0 else {
            closeSocket()
            return lost(.failed(reason))
        }
        do throws(TransportError) {
            if let session = unsafe try connected() {
                unsafe SSL_set_connect_state(session)
                unsafe secure(session)
                shakeHands()
            } else {
                stage = .open
                established()
            }
        } catch {
            lost(.handshake(error.message))
        }
    }

    private func shakeHands() {
        guard let tls = unsafe tls else { return }
        ERR_clear_error()
        let status = unsafe SSL_do_handshake(tls)
        guard status != 1 else {
            stage = .open
            isWritableAsked = false
            established()
            // What came with the last flight is in OpenSSL's memory, where epoll does not see it.
            return isCondemned ? () : read()
        }
        switch unsafe SSL_get_error(tls, status) {
        case SSL_ERROR_WANT_READ: isWritableAsked = false
        case SSL_ERROR_WANT_WRITE: isWritableAsked = true
        default: unsafe lost(.handshake(Self.reason(of: tls)))
        }
    }

    /// The certificate's fault in OpenSSL's words, or the protocol's.
    private static func reason(of tls: OpaquePointer) -> String {
        if let text = unsafe media_bridge_ssl_verify_error(tls) { return unsafe String(cString: text) }
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "the connection was closed" }
        return unsafe String(cString: text)
    }

    // MARK: Its events

    fileprivate func ready(_ events: CInt) {
        guard !isCondemned, descriptor >= 0 else { return }
        switch stage {
        case .closed: return
        case .connecting: finishConnecting()
        case .securing: shakeHands()
        case .open:
            if events & CInt(media_bridge_ev_write) != 0 {
                isWritableAsked = false
                if !flush() { return endSocket() }
            }
            if events & CInt(media_bridge_ev_read) != 0, isReading, !isCondemned { read() }
        }
        watch()
    }

    private func read() {
        let room = unsafe loop.input
        for _ in 0..<Self.readsPerRound {
            let count = unsafe receive(into: room)
            guard count > 0 else { return }
            guard unsafe received(UnsafeMutableBufferPointer(rebasing: room[..<count])) else { return endSocket() }
            guard isReading, !isCondemned, stage == .open else { return }
            if unsafe tls == nil, count < room.count { return }
        }
        readAgainIfPending()
    }

    /// What OpenSSL has read and not handed out wakes nobody.
    private func readAgainIfPending() {
        guard let tls = unsafe tls, unsafe SSL_has_pending(tls) == 1 else { return }
        unsafe ev_feed_event(loop.evLoop, watcher, CInt(media_bridge_ev_read))
    }

    /// - Returns: bytes read; 0 when there are none, or when the socket was lost, which was told then.
    private func receive(into room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let start = room.baseAddress else { return 0 }
        guard let tls = unsafe tls else {
            let count = unsafe recv(descriptor, start, room.count, 0)
            if count > 0 { return count }
            if count == 0 {
                lost(.peerClosed)
            } else if errno != EAGAIN, errno != EINTR {
                lost(.failed(errno))
            }
            return 0
        }
        ERR_clear_error()
        var count = 0
        if unsafe SSL_read_ex(tls, start, room.count, &count) == 1 { return count }
        switch unsafe SSL_get_error(tls, 0) {
        case SSL_ERROR_WANT_READ: break
        case SSL_ERROR_WANT_WRITE: askWritable()
        case SSL_ERROR_ZERO_RETURN: lost(.peerClosed)
        default: lost(.peerClosed)
        }
        return 0
    }

    /// To the kernel, or to OpenSSL, at once.
    ///
    /// - Returns: bytes taken, 0 when there is no room, -1 when the connection is lost.
    final func write(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        guard descriptor >= 0 else { return -1 }
        guard let tls = unsafe tls else {
            let written = unsafe Glibc.send(descriptor, bytes, count, CInt(MSG_NOSIGNAL))
            return written < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : written
        }
        ERR_clear_error()
        var written = 0
        if unsafe SSL_write_ex(tls, bytes, count, &written) == 1 { return written }
        let reason = unsafe SSL_get_error(tls, 0)
        return reason == SSL_ERROR_WANT_WRITE || reason == SSL_ERROR_WANT_READ ? 0 : -1
    }

    /// Nothing more is written: the peer sees the end once it has read what is under way.
    final func shutWriting() {
        if let tls = unsafe tls {
            unsafe _ = SSL_shutdown(tls)
            ERR_clear_error()
        }
        _ = shutdown(descriptor, CInt(SHUT_WR))
    }

    // MARK: What it watches for

    private func watch() {
        guard descriptor >= 0 else { return }
        var wanted: CInt = 0
        switch stage {
        case .closed: break
        case .connecting: wanted = CInt(media_bridge_ev_write)
        case .securing: wanted = CInt(isWritableAsked ? media_bridge_ev_write : media_bridge_ev_read)
        case .open:
            if isReading { wanted |= CInt(media_bridge_ev_read) }
            if isWritableAsked { wanted |= CInt(media_bridge_ev_write) }
        }
        guard wanted != watched, !isCondemned else { return }
        watched = wanted
        unsafe ev_io_stop(loop.evLoop, watcher)
        guard wanted != 0 else { return }
        unsafe media_bridge_ev_io_set(watcher, descriptor, wanted)
        unsafe ev_io_start(loop.evLoop, watcher)
    }

    /// Something waits to be written: soon after this event.
    final func askFlush() {
        guard !isFlushPending, !isGone else { return }
        isFlushPending = true
        loop.flushLater(self)
    }

    /// The loop, between events.
    final func flushNow() {
        isFlushPending = false
        // After a short write the kernel says when there is room again.
        guard stage == .open, !isCondemned, !isWritableAsked else { return }
        if !flush() { endSocket() }
    }

    /// The kernel had no room: `flush` once it has.
    final func askWritable() {
        guard !isWritableAsked else { return }
        isWritableAsked = true
        watch()
    }

    final func setReading(_ isOn: Bool) {
        guard isOn != isReading else { return }
        isReading = isOn
        guard stage == .open else { return }
        watch()
        if isOn { readAgainIfPending() }
    }

    // MARK: A socket goes

    /// Closes the socket at the end of this round of the loop, never from inside one of its events.
    final func endSocket() {
        guard !isGone, !isCondemned else { return }
        stopWatching()
        isCondemned = true
        loop.condemn(self)
    }

    /// The loop, with none of the connection's events on the stack.
    final func destroySocket() {
        closeSocket()
        leave()
    }

    /// For another try with another socket.
    final func closeSocket() {
        guard descriptor >= 0 else { return }
        stopWatching()
        if let session = unsafe tls {
            if stage == .open {
                unsafe _ = SSL_shutdown(session)
                ERR_clear_error()
            }
            unsafe SSL_free(session)
            unsafe tls = nil
        }
        close(descriptor)
        descriptor = -1
        stage = .closed
        isWritableAsked = false
    }

    private func stopWatching() {
        guard watched != 0 else { return }
        watched = 0
        unsafe ev_io_stop(loop.evLoop, watcher)
    }

    final func leave() {
        guard !isGone else { return }
        isGone = true
        if !hasEnded {
            hasEnded = true
            socketEnded()
        }
        loop.remove(self)
        loop.releaseConnection()
    }
}

private func socketIsReady(_: OpaquePointer?, watcher: UnsafeMutablePointer<ev_io>?, events: CInt) {
    // The loop holds the connection as long as it watches.
    unsafe Unmanaged<SocketConnection>.fromOpaque(watcher!.pointee.data)._withUnsafeGuaranteedRef { connection in
        connection.ready(events)
        connection.loop.flushIfMany()
    }
}

/// No waiting for more to send; and what a peer has no room for waits with us, where it is counted and can be taken back,
/// not by the megabyte in the kernel: there it would hide a peer that does not read for half a minute.
func setPromptness(of descriptor: CInt) {
    var (one, unsent): (CInt, CInt) = (1, 16 * 1024)
    let size = socklen_t(MemoryLayout<CInt>.size)
    unsafe _ = setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, size)
    unsafe _ = setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &unsent, size)
}
