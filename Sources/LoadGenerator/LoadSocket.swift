import CLinux
import COpenSSL
import Glibc

/// One socket that never waits: what the kernel has no room for lies in `backlog` until it has. One thread.
@safe final class LoadSocket {
    let descriptor: CInt
    private let tls: OpaquePointer?
    private var backlog: [UInt8] = []
    private var backlogSent = 0
    /// The loop was last asked to tell of room.
    var wasBacklogged = true

    /// Takes the descriptor, which is non-blocking.
    init(descriptor: CInt, tls: OpaquePointer? = nil) {
        unsafe (self.descriptor, self.tls) = (descriptor, tls)
        var one: CInt = 1
        unsafe _ = setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        if let tls = unsafe tls { unsafe _ = SSL_set_fd(tls, descriptor) }
    }

    deinit {
        if let tls = unsafe tls { unsafe SSL_free(tls) }
        close(descriptor)
    }

    /// Starts to connect; what is sent before it is open waits.
    static func connect(to address: LoadAddress, tls context: OpaquePointer?) -> LoadSocket? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = address.port.bigEndian
        name.sin_addr.s_addr = address.ipv4
        let status = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 || errno == EINPROGRESS else {
            close(descriptor)
            return nil
        }
        var session: OpaquePointer?
        if let context = unsafe context {
            unsafe session = SSL_new(context)
            unsafe SSL_set_connect_state(session)
        }
        return unsafe LoadSocket(descriptor: descriptor, tls: session)
    }

    var hasBacklog: Bool { backlogSent < backlog.count }

    /// - Returns: false when the connection is lost.
    func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if hasBacklog {
            unsafe backlog.append(contentsOf: bytes)
            return true
        }
        guard let start = bytes.baseAddress else { return true }
        let written = unsafe write(start, bytes.count)
        if written < 0 { return false }
        if written < bytes.count { unsafe backlog.append(contentsOf: bytes[written...]) }
        return true
    }

    func send(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { unsafe send($0) }
    }

    /// - Returns: false when the connection is lost.
    func flush() -> Bool {
        while hasBacklog {
            let written = unsafe backlog.withUnsafeBufferPointer {
                unsafe write($0.baseAddress! + backlogSent, $0.count - backlogSent)
            }
            if written < 0 { return false }
            if written == 0 { return true }
            backlogSent += written
        }
        backlog.removeAll(keepingCapacity: true)
        backlogSent = 0
        return true
    }

    /// - Returns: bytes read, 0 when there are none for now, -1 when the connection is over.
    func receive(into room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let tls = unsafe tls else {
            let count = unsafe recv(descriptor, room.baseAddress!, room.count, 0)
            if count > 0 { return count }
            return count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1
        }
        ERR_clear_error()
        var count = 0
        if unsafe SSL_read_ex(tls, room.baseAddress!, room.count, &count) == 1 { return count }
        return unsafe wantsMore(tls) ? 0 : -1
    }

    private func write(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
        guard let tls = unsafe tls else {
            let written = unsafe Glibc.send(descriptor, start, count, CInt(MSG_NOSIGNAL))
            if written >= 0 { return written }
            return errno == EAGAIN || errno == EINTR || errno == ENOTCONN || errno == EINPROGRESS ? 0 : -1
        }
        ERR_clear_error()
        var written = 0
        if unsafe SSL_write_ex(tls, start, count, &written) == 1 { return written }
        return unsafe wantsMore(tls) ? 0 : -1
    }

    private func wantsMore(_ tls: OpaquePointer) -> Bool {
        let reason = unsafe SSL_get_error(tls, 0)
        return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE
            || reason == SSL_ERROR_SYSCALL && (errno == ENOTCONN || errno == EAGAIN)
    }
}

/// A host that was looked up, and a port.
struct LoadAddress: Hashable {
    /// Network byte order.
    var ipv4: UInt32
    var port: UInt16

    /// Blocks while it looks the name up.
    init?(host: String, port: Int) {
        guard let port = UInt16(exactly: port) else { return nil }
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_INET
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &found) == 0, let first = unsafe found else { return nil }
        defer { unsafe freeaddrinfo(first) }
        self.port = port
        ipv4 = unsafe UnsafeRawPointer(first.pointee.ai_addr).load(as: sockaddr_in.self).sin_addr.s_addr
    }
}
