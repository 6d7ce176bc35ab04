import CLinux
import Glibc
import Synchronization

/// A listening socket whose connections go to the least-loaded of its loops. Dropping it stops accepting; connections
/// that stand are left alone.
@safe public final class Listener: @unchecked Sendable {
    // Sendable: constant after `init`.

    /// Bound port, also when 0 was asked for.
    public let port: Int

    private let acceptor: Acceptor
    private let loops: [EventLoop]
    private let tls: ListenerTLS?

    /// Binds and starts accepting. `loops` are running; not called on one of them.
    public init(_ options: ListenerOptions, loops: [EventLoop], service: any HTTPService) throws(TransportError) {
        precondition(!loops.isEmpty, "a listener needs a loop")
        self.loops = loops
        tls = try options.tls.map { identity throws(TransportError) in try ListenerTLS(identity) }
        let (descriptor, port) = try Self.bind(options)
        self.port = port
        acceptor = Acceptor(
            descriptor: descriptor, service: service, limits: options.limits, loops: loops, tls: tls)
        guard loops[0].submitAlways({ [acceptor] in acceptor.start() }) else {
            throw TransportError(.library, "the loop \(loops[0].name) has stopped")
        }
    }

    deinit { close() }

    /// Any thread. Reads certificate and key again; new connections use them, old ones stay. On an error the old stay.
    public func reloadCertificate() throws(TransportError) { try tls?.reload() }

    /// Any thread. Stops accepting; connections that stand are left alone.
    public func close() { loops[0].submitAlways { [acceptor] in acceptor.stop() } }

    /// Any thread. Connections refused because `maximumConnections` were open.
    public var refusedConnections: Int { acceptor.refused.load(ordering: .relaxed) }

    private static func bind(_ options: ListenerOptions) throws(TransportError) -> (descriptor: CInt, port: Int) {
        let place = "\(options.host):\(options.port)"
        guard (0...65_535).contains(options.port) else {
            throw TransportError(.cannotBind, "cannot listen on \(place): expected a port from 0 to 65535")
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(options.host.isEmpty ? nil : options.host, "\(options.port)", &hints, &list)
        guard status == 0, let first = unsafe list else {
            let reason = unsafe String(cString: gai_strerror(status))
            throw TransportError(.cannotBind, "cannot listen on \(place): \(reason)")
        }
        defer { unsafe freeaddrinfo(list) }
        let kind = unsafe first.pointee.ai_socktype | CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(first.pointee.ai_family, kind, first.pointee.ai_protocol)
        guard descriptor >= 0 else {
            throw TransportError(.cannotBind, "cannot listen on \(place): \(describe(errno: errno))")
        }
        var one: CInt = 1
        unsafe _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        guard unsafe Glibc.bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            listen(descriptor, 1_024) == 0
        else {
            let code = errno
            Glibc.close(descriptor)
            throw TransportError(
                code == EADDRINUSE ? .portInUse : .cannotBind, "cannot listen on \(place): \(describe(errno: code))")
        }
        return (descriptor, boundPort(descriptor))
    }

    private static func boundPort(_ descriptor: CInt) -> Int {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe _ = getsockname(descriptor, $0, &length)
            }
            if unsafe address.pointee.ss_family == sa_family_t(AF_INET6) {
                return unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    unsafe Int(UInt16(bigEndian: $0.pointee.sin6_port))
                }
            }
            return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                unsafe Int(UInt16(bigEndian: $0.pointee.sin_port))
            }
        }
    }
}

public struct ListenerOptions: Sendable {
    public var host = "127.0.0.1"
    public var port = 0
    /// PEM files; nil serves plain.
    public var tls: TLSIdentity?
    public var limits = HTTPLimits()
    public init() {}
}

public struct TLSIdentity: Sendable, Equatable {
    public var certificateFile: String
    public var keyFile: String
    public init(certificateFile: String, keyFile: String) {
        (self.certificateFile, self.keyFile) = (certificateFile, keyFile)
    }
}

public struct HTTPLimits: Sendable {
    public var maximumHeadBytes = 16 * 1024
    public var maximumBodyBytes = 256 * 1024
    /// From the connection to a whole request; also how long a peer may take nothing of an answer.
    public var requestDeadlineMilliseconds = 10_000
    public var keepAliveMilliseconds = 30_000
    public var maximumConnections = 4_096
    public init() {}
}
