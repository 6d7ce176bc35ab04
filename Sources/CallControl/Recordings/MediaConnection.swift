import COpenSSL
import Dispatch
import Glibc

/// One client connection to a vetted host, plain or TLS with the server's name checked. The addresses are looked at
/// between the look-up and the connection, so that no name can lead inside in between. Owns its socket.
///
/// Not URLSession: that would look the name up again, follow or refuse redirects in its own way, and cannot be stopped
/// without danger (swift-corelibs-foundation 6.3), so an endless answer would have to be read to its end.
@safe final class MediaConnection {
    private var descriptor: CInt = -1
    private var session: OpaquePointer?
    /// Monotonic nanoseconds: whatever waits gives up then.
    var deadline: UInt64 = 0

    /// Downloading thread: waits for the network.
    init(to address: MediaAddress, hosts: MediaHosts, limits: DownloadLimits) throws(RecordingFailure) {
        deadline = Self.now + UInt64(limits.connectMilliseconds) * 1_000_000
        try connect(address, mayBePrivate: hosts.mayBePrivate(address))
        if address.isSecure { try secure(address.host) }
    }

    deinit {
        if let session = unsafe session { unsafe SSL_free(session) }
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    func write(_ bytes: [UInt8]) throws(RecordingFailure) {
        var done = 0
        while done < bytes.count {
            let result = unsafe bytes.withUnsafeBytes { all -> Step in
                let rest = unsafe all.baseAddress! + done
                guard let session = unsafe session else {
                    return Self.step(
                        unsafe Glibc.send(descriptor, rest, bytes.count - done, CInt(MSG_NOSIGNAL)), CInt(POLLOUT))
                }
                ERR_clear_error()
                var count = 0
                return unsafe SSL_write_ex(session, rest, bytes.count - done, &count) == 1
                    ? .moved(count) : unsafe Self.step(session)
            }
            switch result {
            case .moved(let count): done += count
            case .wait(let events): try wait(for: events)
            case .ended: throw .unreachable
            }
        }
    }

    /// - Returns: bytes put into `buffer`; 0 when the other side is done, or gone.
    func read(into buffer: inout [UInt8]) throws(RecordingFailure) -> Int {
        while true {
            let size = buffer.count
            let result = unsafe buffer.withUnsafeMutableBytes { bytes -> Step in
                guard let session = unsafe session else {
                    return Self.step(unsafe Glibc.recv(descriptor, bytes.baseAddress, size, 0), CInt(POLLIN))
                }
                ERR_clear_error()
                var count = 0
                return unsafe SSL_read_ex(session, bytes.baseAddress, size, &count) == 1
                    ? .moved(count) : unsafe Self.step(session)
            }
            switch result {
            case .moved(let count): return count
            case .wait(let events): try wait(for: events)
            case .ended: return 0
            }
        }
    }

    // MARK: Below

    private enum Step { case moved(Int), wait(CInt), ended }

    private static func step(_ count: Int, _ events: CInt) -> Step {
        if count > 0 { return .moved(count) }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .wait(events) : .ended
    }

    private static func step(_ session: OpaquePointer) -> Step {
        switch unsafe SSL_get_error(session, 0) {
        case SSL_ERROR_WANT_READ: .wait(CInt(POLLIN))
        case SSL_ERROR_WANT_WRITE: .wait(CInt(POLLOUT))
        default: .ended
        }
    }

    private func wait(for events: CInt) throws(RecordingFailure) {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let now = Self.now
            guard now < deadline else { throw .timedOut }
            let status = unsafe poll(&entry, 1, CInt(min((deadline - now) / 1_000_000 + 1, 60_000)))
            if status > 0 { return }
            if status < 0, errno != EINTR { throw .unreachable }
        }
    }

    private func connect(_ address: MediaAddress, mayBePrivate: Bool) throws(RecordingFailure) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(address.host, String(address.port), &hints, &found) == 0 else { throw .unreachable }
        defer { unsafe freeaddrinfo(found) }
        var failure = RecordingFailure.privateAddress
        var next = unsafe found
        while let candidate = unsafe next {
            defer { unsafe next = candidate.pointee.ai_next }
            guard unsafe mayBePrivate || Self.isPublic(candidate.pointee.ai_addr) else { continue }
            failure = .unreachable
            let number = unsafe socket(
                candidate.pointee.ai_family,
                candidate.pointee.ai_socktype | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
            guard number >= 0 else { continue }
            descriptor = number
            if try unsafe isConnected(candidate.pointee.ai_addr, candidate.pointee.ai_addrlen) { return }
            _ = Glibc.close(number)
            descriptor = -1
        }
        throw failure
    }

    private func isConnected(_ address: UnsafePointer<sockaddr>, _ size: socklen_t) throws(RecordingFailure) -> Bool {
        if unsafe Glibc.connect(descriptor, address, size) == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        try wait(for: CInt(POLLOUT))
        var status: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &length) == 0 && status == 0
    }

    private static func isPublic(_ address: UnsafePointer<sockaddr>?) -> Bool {
        guard let address = unsafe address else { return false }
        switch unsafe CInt(address.pointee.sa_family) {
        case AF_INET:
            return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
                var bits = unsafe v4.pointee.sin_addr.s_addr
                return PublicAddress.isPublic(v4: unsafe withUnsafeBytes(of: &bits) { unsafe Array($0) })
            }
        case AF_INET6:
            return unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
                var bits = unsafe v6.pointee.sin6_addr
                return PublicAddress.isPublic(v6: unsafe withUnsafeBytes(of: &bits) { unsafe Array($0) })
            }
        default: return false
        }
    }

    /// The system's authorities. Sendable: a context may be shared once it is set up.
    nonisolated(unsafe) private static let context: OpaquePointer? = {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { return nil }
        unsafe media_bridge_ssl_client_options(context)
        unsafe _ = SSL_CTX_set_default_verify_paths(context)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        return unsafe context
    }()

    private func secure(_ host: String) throws(RecordingFailure) {
        guard let session = unsafe SSL_new(Self.context) else { throw .unreachable }
        unsafe self.session = unsafe session
        // An address is checked against the certificate's addresses, a name against its names and sent as SNI.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) != 1 {
            unsafe _ = SSL_set1_host(session, host)
            _ = unsafe host.withCString {
                unsafe SSL_ctrl(
                    session, CInt(SSL_CTRL_SET_TLSEXT_HOSTNAME), CLong(TLSEXT_NAMETYPE_host_name),
                    UnsafeMutableRawPointer(mutating: $0))
            }
        }
        unsafe _ = SSL_set_fd(session, descriptor)
        while true {
            ERR_clear_error()
            if unsafe SSL_connect(session) == 1 { return }
            switch unsafe Self.step(session) {
            case .wait(let events): try wait(for: events)
            case .moved, .ended: throw .unreachable
            }
        }
    }
}
