import Glibc

/// Sockets on 127.0.0.1, by descriptor.
enum LoopbackSocket {
    static func listening(backlog: CInt) throws(ProxyError) -> CInt {
        let descriptor = try bound(nonBlocking: true)
        guard listen(descriptor, backlog) == 0 else { throw ProxyError("listen: \(errno)") }
        return descriptor
    }

    /// Bound to a free port and not listening.
    static func bound(nonBlocking: Bool) throws(ProxyError) -> CInt {
        let descriptor = socket(AF_INET, streamKind(nonBlocking: nonBlocking), 0)
        guard descriptor >= 0 else { throw ProxyError("socket: \(errno)") }
        var address = loopback(port: 0)
        let status = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            throw ProxyError("bind: \(errno)")
        }
        return descriptor
    }

    static func port(of descriptor: CInt) throws(ProxyError) -> Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { throw ProxyError("getsockname: \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// - Returns: nil when nobody listens there. Loopback connects at once or not at all.
    static func connected(to port: Int, smallBuffers: Bool) -> CInt? {
        let descriptor = socket(AF_INET, streamKind(nonBlocking: false), 0)
        guard descriptor >= 0 else { return nil }
        if smallBuffers {
            set(descriptor, CInt(SOL_SOCKET), SO_RCVBUF, 4_096)
            // The peer sizes its send buffer by it.
            set(descriptor, CInt(IPPROTO_TCP), TCP_MAXSEG, 536)
        }
        var address = loopback(port: port)
        let status = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            return nil
        }
        prepare(descriptor)
        return descriptor
    }

    /// Never blocks, never waits to fill a segment.
    static func prepare(_ descriptor: CInt) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        set(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    static func reset(_ descriptor: CInt) {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close(descriptor)
    }

    private static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        _ = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    private static func streamKind(nonBlocking: Bool) -> CInt {
        CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
            | (nonBlocking ? CInt(SOCK_NONBLOCK.rawValue) : 0)
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return address
    }
}

/// A port that nobody listens on and nobody else can get: connecting is refused as long as this lives.
public final class ClosedPort: Sendable {
    private let descriptor: CInt
    public let port: Int

    /// - Throws: `ProxyError` when no port can be had.
    public init() throws {
        descriptor = try LoopbackSocket.bound(nonBlocking: false)
        port = try LoopbackSocket.port(of: descriptor)
    }

    deinit { close(descriptor) }
}
