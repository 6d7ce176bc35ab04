import COpenSSL
import Synchronization

/// Whom client connections trust: one SSL_CTX for the system's authorities and one per file, shared by all loops and
/// kept for the life of the process.
@safe enum ClientTrust {
    /// Authorities of the system: OpenSSL's default file and directory (Debian: /etc/ssl/certs).
    nonisolated(unsafe) static let systemContext: OpaquePointer = {
        let context = unsafe makeContext()
        unsafe _ = SSL_CTX_set_default_verify_paths(context)
        return unsafe context
    }()

    /// Sendable: OpenSSL's contexts may be shared between threads once they are set up.
    @safe private struct Contexts: @unchecked Sendable {
        var byFile: [String: OpaquePointer] = unsafe [:]
    }
    private static let contexts = Guarded(Contexts())

    /// Any thread.
    static func context(trusting file: String) throws(TransportError) -> OpaquePointer {
        try unsafe contexts.withLock { contexts throws(TransportError) -> OpaquePointerBox in
            if let known = unsafe contexts.byFile[file] { return unsafe OpaquePointerBox(pointer: known) }
            let context = unsafe makeContext()
            guard unsafe SSL_CTX_load_verify_file(context, file) == 1 else {
                unsafe SSL_CTX_free(context)
                ERR_clear_error()
                throw TransportError(
                    .certificate, "trustedAuthoritiesFile \(file): expected a readable file of certificates in PEM form"
                )
            }
            unsafe contexts.byFile[file] = context
            return unsafe OpaquePointerBox(pointer: context)
        }.pointer
    }

    @safe private struct OpaquePointerBox: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private static func makeContext() -> OpaquePointer {
        let context = unsafe SSL_CTX_new(TLS_client_method())!
        unsafe media_bridge_ssl_client_options(context)
        return unsafe context
    }
}
