import CLibwebsockets
import CLinux
import COpenSSL
import Glibc
import Synchronization

/// libwebsockets' half of a loop: one context on the loop's libev, one virtual host for plain servers and clients, and
/// one more for every TLS identity or set of authorities. Loop thread, once the loop runs.
@safe final class SocketEngine {
    private let context: OpaquePointer
    private let plainHost: OpaquePointer
    private var serverContexts: [OpaquePointer] = unsafe []
    private var clientHosts: [String: OpaquePointer] = unsafe [:]

    /// libwebsockets' contexts share global state (plug-ins, OpenSSL's indexes) while they are made and unmade.
    private static let global = Guarded(false)

    init(evLoop: OpaquePointer) throws(TransportError) {
        var made: (OpaquePointer, OpaquePointer)?
        Self.global.withLock { isPrepared in
            if !isPrepared {
                Self.prepareProcess()
                isPrepared = true
            }
            var loops: UnsafeMutableRawPointer? = unsafe UnsafeMutableRawPointer(evLoop)
            var info = unsafe lws_context_creation_info()
            unsafe info.port = media_bridge_lws_port_none
            unsafe info.options = media_bridge_lws_context_options
            unsafe info.pt_serv_buf_size = Self.receiveBytes
            unsafe info.max_http_header_data = 16 * 1024
            // Seconds until libwebsockets gives up on a client's connect or handshake. Ours is always shorter.
            unsafe info.timeout_secs = 600
            unsafe info.connect_timeout_secs = 600
            let context = unsafe withUnsafeMutablePointer(to: &loops) { loops in
                unsafe info.foreign_loops = loops
                return unsafe lws_create_context(&info)
            }
            guard let context = unsafe context else { return }
            guard
                let host = unsafe Self.makeHost(
                    context, TransportProtocols.plainHost, Self.plainHostInfo(trusting: nil))
            else {
                unsafe lws_context_destroy(context)
                return
            }
            unsafe made = (context, host)
        }
        guard let made = unsafe made else {
            throw TransportError(
                .library,
                "libwebsockets made no context; its libev plug-in is the Debian package libwebsockets-evlib-ev")
        }
        unsafe (context, plainHost) = made
    }

    /// Largest piece of a stream read at once.
    static var receiveBytes: UInt32 { 64 * 1024 }

    /// Closes what is still open. The engine is not used afterwards.
    func destroy() {
        Self.global.withLock { _ in
            unsafe lws_context_destroy(context)
            // The context freed its own references.
            unsafe serverContexts.forEach { unsafe SSL_CTX_free($0) }
            unsafe serverContexts = []
        }
    }

    // MARK: Server sockets

    /// Makes a virtual host that serves TLS with `identity`.
    /// - Returns: the host, and the live SSL_CTX that `TLSCertificate.install` may renew on this thread.
    func makeTLSHost(_ certificate: TLSCertificate) throws(TransportError) -> (host: OpaquePointer, tls: OpaquePointer)
    {
        var made: (OpaquePointer, OpaquePointer)?
        Self.global.withLock { _ in
            var info = unsafe Self.hostInfo()
            unsafe info.options = media_bridge_lws_tls_vhost_options
            var tls: OpaquePointer?
            let host = unsafe withUnsafeMutablePointer(to: &tls) { tls in
                // The host's callback hands its SSL_CTX out through this; see `transportEvent`.
                unsafe info.user = UnsafeMutableRawPointer(tls)
                return unsafe Self.makeHost(context, TransportProtocols.tlsHost, info)
            }
            if let host = unsafe host, let tls = unsafe tls { unsafe made = (host, tls) }
        }
        guard let (host, tls) = unsafe made else {
            throw TransportError(.library, "libwebsockets made no TLS host")
        }
        unsafe SSL_CTX_up_ref(tls)
        unsafe serverContexts.append(tls)
        unsafe media_bridge_ssl_server_options(tls)
        unsafe try certificate.install(in: tls)
        return unsafe (host, tls)
    }

    /// Hands an accepted descriptor to libwebsockets, which owns it from here on, also when this fails.
    func adopt(_ descriptor: CInt, for connection: SocketConnection, host: OpaquePointer?) -> OpaquePointer? {
        var description = unsafe lws_adopt_desc_t()
        unsafe description.vh = host ?? plainHost
        let secure = unsafe host == nil ? 0 : LWS_ADOPT_ALLOW_SSL.rawValue
        unsafe description.type = lws_adoption_type(rawValue: LWS_ADOPT_SOCKET.rawValue | secure)
        unsafe description.fd = lws_sock_file_fd_type(sockfd: descriptor)
        unsafe description.vh_prot_name = UnsafePointer(TransportProtocols.serverName)
        unsafe description.opaque = Unmanaged.passUnretained(connection).toOpaque()
        return unsafe lws_adopt_descriptor_vhost_via_info(&description)
    }

    // MARK: Client sockets

    /// Starts a WebSocket client connection to a numeric `address`.
    func connect(
        _ target: WebSocketURL, address: String, trusting authorities: String?, for connection: SocketConnection
    ) throws(TransportError) -> OpaquePointer? {
        let host = unsafe try clientHost(trusting: authorities)
        var info = unsafe lws_client_connect_info()
        unsafe info.context = context
        unsafe info.vhost = host
        unsafe info.port = CInt(target.port)
        var flags = LCCSCF_HTTP_NO_FOLLOW_REDIRECT.rawValue
        if target.isSecure { flags |= LCCSCF_USE_SSL.rawValue }
        unsafe info.ssl_connection = CInt(bitPattern: flags)
        unsafe info.local_protocol_name = UnsafePointer(TransportProtocols.clientName)
        unsafe info.opaque_user_data = Unmanaged.passUnretained(connection).toOpaque()
        return unsafe address.withCString { address in
            unsafe target.hostHeader.withCString { header in
                unsafe target.target.withCString { path in
                    // Without this libwebsockets offers h2 first.
                    unsafe "http/1.1".withCString { alpn in
                        unsafe (info.address, info.host, info.path, info.alpn) = (address, header, path, alpn)
                        return unsafe lws_client_connect_via_info(&info)
                    }
                }
            }
        }
    }

    private func clientHost(trusting authorities: String?) throws(TransportError) -> OpaquePointer {
        guard let authorities else { return unsafe plainHost }
        if let host = unsafe clientHosts[authorities] { return unsafe host }
        let info = unsafe Self.plainHostInfo(trusting: try ClientTrust.context(trusting: authorities))
        var made: OpaquePointer?
        Self.global.withLock { _ in unsafe made = Self.makeHost(context, TransportProtocols.clientHost, info) }
        guard let host = unsafe made else { throw TransportError(.library, "libwebsockets made no host for a client") }
        unsafe clientHosts[authorities] = host
        return unsafe host
    }

    // MARK: Making hosts

    private static func hostInfo() -> lws_context_creation_info {
        var info = unsafe lws_context_creation_info()
        unsafe info.port = media_bridge_lws_port_none
        unsafe info.protocols = UnsafePointer(TransportProtocols.table)
        unsafe info.timeout_secs = 600
        unsafe info.connect_timeout_secs = 600
        return unsafe info
    }

    private static func plainHostInfo(trusting tls: OpaquePointer?) -> lws_context_creation_info {
        var info = unsafe hostInfo()
        unsafe info.port = CInt(-1)
        unsafe info.options = media_bridge_lws_client_vhost_options
        unsafe info.provided_client_ssl_ctx = tls ?? ClientTrust.systemContext
        return unsafe info
    }

    private static func makeHost(
        _ context: OpaquePointer, _ name: UnsafeMutablePointer<CChar>, _ info: lws_context_creation_info
    ) -> OpaquePointer? {
        var info = unsafe info
        unsafe (info.vhost_name, info.alpn) = (UnsafePointer(name), UnsafePointer(TransportProtocols.http11))
        // An empty proxy keeps libwebsockets from taking one out of the environment.
        return unsafe "".withCString { proxy in
            unsafe info.http_proxy_address = proxy
            return unsafe lws_create_vhost(context, &info)
        }
    }

    /// Once, before the first context.
    private static func prepareProcess() {
        // libwebsockets logs through one static buffer, from every thread at once: silence is the only safe level.
        unsafe lws_set_log_level(0) { _, _ in }
        limitOpenFiles()
        // Claims OpenSSL's global indexes once. A context that did so later would move them under open connections.
        var info = unsafe lws_context_creation_info()
        unsafe info.port = CInt(-1)
        unsafe info.options = media_bridge_lws_tls_library_options
        unsafe lws_context_destroy(lws_create_context(&info))
    }

    /// libwebsockets sizes tables by the limit of open files, and scans them: neither a million nor a thousand will do.
    private static func limitOpenFiles() {
        let openFiles = __rlimit_resource_t(bitPattern: RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, 20_000)
        guard limit.rlim_cur != wanted else { return }
        limit.rlim_cur = wanted
        unsafe _ = setrlimit(openFiles, &limit)
    }
}

/// The table of protocols every virtual host shares, and the names it goes by. For the life of the process:
/// libwebsockets keeps the pointers, and compares host names with what TLS clients ask for.
@safe enum TransportProtocols {
    nonisolated(unsafe) static let serverName: UnsafeMutablePointer<CChar> = unsafe strdup("server")
    nonisolated(unsafe) static let clientName: UnsafeMutablePointer<CChar> = unsafe strdup("client")

    // No client can ask for a name with a space.
    nonisolated(unsafe) static let plainHost: UnsafeMutablePointer<CChar> = unsafe strdup("plain host")
    nonisolated(unsafe) static let tlsHost: UnsafeMutablePointer<CChar> = unsafe strdup("tls host")
    nonisolated(unsafe) static let clientHost: UnsafeMutablePointer<CChar> = unsafe strdup("client host")
    nonisolated(unsafe) static let http11: UnsafeMutablePointer<CChar> = unsafe strdup("http/1.1")

    nonisolated(unsafe) static let table: UnsafeMutablePointer<lws_protocols> = {
        let table = UnsafeMutablePointer<lws_protocols>.allocate(capacity: 3)
        unsafe table.initialize(repeating: lws_protocols(), count: 3)
        for index in 0..<2 {
            unsafe table[index].name = UnsafePointer(index == 0 ? serverName : clientName)
            unsafe table[index].callback = transportEvent
            // What a client socket receives at once; longer frames come in pieces. A server's come in the loop's buffer.
            unsafe table[index].rx_buffer_size = 16 * 1024
            // By default libwebsockets cuts a write at rx_buffer_size and copies the rest aside.
            unsafe table[index].tx_packet_size = 16 * 1024 * 1024
        }
        return unsafe table
    }()
}
