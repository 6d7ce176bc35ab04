import COpenSSL
import Synchronization

/// A listener's TLS identity: one SSL_CTX for all loops. A renewed certificate gets a new one, and connections that stand
/// keep the old one alive.
@safe final class ListenerTLS: Sendable {
    private let identity: TLSIdentity
    private let current: Guarded<Context>

    /// Sendable: OpenSSL counts references atomically, and a context is not changed once it is set up.
    @safe private final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        init(_ certificate: TLSCertificate) throws(TransportError) {
            guard let made = unsafe SSL_CTX_new(TLS_server_method()) else {
                throw TransportError(.library, "OpenSSL made no context")
            }
            unsafe media_bridge_ssl_server_options(made)
            unsafe media_bridge_ssl_server_protocols(made)
            unsafe pointer = made
            unsafe try certificate.install(in: made)
        }

        deinit { unsafe SSL_CTX_free(pointer) }
    }

    init(_ identity: TLSIdentity) throws(TransportError) {
        self.identity = identity
        current = Guarded(try Context(TLSCertificate(identity)))
    }

    /// Any thread. On an error the old certificate stays.
    func reload() throws(TransportError) {
        let renewed = try Context(TLSCertificate(identity))
        current.withLock { $0 = renewed }
    }

    /// Any thread. A session for one connection; nil when OpenSSL is out of memory.
    func makeSession() -> OpaquePointer? {
        let context = current.withLock { $0 }
        return unsafe SSL_new(context.pointer)
    }
}
