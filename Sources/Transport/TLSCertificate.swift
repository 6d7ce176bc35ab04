import COpenSSL
import Glibc

/// A certificate chain and its key, read and matched once, then installed on every loop.
@safe final class TLSCertificate: @unchecked Sendable {
    // Sendable: nothing changes after `init`, and OpenSSL counts references atomically.
    private let leaf: OpaquePointer
    private let key: OpaquePointer
    private let chain: OpaquePointer

    init(_ identity: TLSIdentity) throws(TransportError) {
        let certificates = unsafe try Self.open(identity.certificateFile, "certificate")
        defer { unsafe _ = BIO_free(certificates) }
        let keys = unsafe try Self.open(identity.keyFile, "key")
        defer { unsafe _ = BIO_free(keys) }
        ERR_clear_error()
        guard let leaf = unsafe PEM_read_bio_X509(certificates, nil, refusePassphrase, nil) else {
            throw TransportError(
                .certificate,
                "TLS certificate \(identity.certificateFile): expected a certificate in PEM form\(Self.detail())")
        }
        let chain = unsafe OPENSSL_sk_new_null()!
        while let next = unsafe PEM_read_bio_X509(certificates, nil, refusePassphrase, nil) {
            unsafe _ = media_bridge_stack_push(chain, next)
        }
        ERR_clear_error()
        guard let key = unsafe PEM_read_bio_PrivateKey(keys, nil, refusePassphrase, nil) else {
            unsafe X509_free(leaf)
            unsafe media_bridge_stack_free(chain)
            throw TransportError(
                .certificate,
                "TLS key \(identity.keyFile): expected a private key in PEM form, without a passphrase\(Self.detail())")
        }
        guard unsafe X509_check_private_key(leaf, key) == 1 else {
            unsafe X509_free(leaf)
            unsafe media_bridge_stack_free(chain)
            unsafe EVP_PKEY_free(key)
            ERR_clear_error()
            throw TransportError(
                .certificate,
                "TLS key \(identity.keyFile) does not belong to the certificate \(identity.certificateFile)")
        }
        unsafe (self.leaf, self.key, self.chain) = (leaf, key, chain)
    }

    deinit {
        unsafe X509_free(leaf)
        unsafe EVP_PKEY_free(key)
        unsafe media_bridge_stack_free(chain)
    }

    /// The thread that makes connections of `context`. Connections that stand keep the certificate they have.
    func install(in context: OpaquePointer) throws(TransportError) {
        ERR_clear_error()
        guard unsafe media_bridge_ssl_use(context, leaf, key, chain) == 1 else {
            throw TransportError(.certificate, "OpenSSL refused the certificate\(Self.detail())")
        }
    }

    private static func open(_ path: String, _ what: String) throws(TransportError) -> OpaquePointer {
        // OpenSSL's own words for a missing file do not name it.
        errno = 0
        guard let file = unsafe BIO_new_file(path, "r") else {
            let reason = errno == 0 ? "cannot be opened" : describe(errno: errno)
            ERR_clear_error()
            throw TransportError(.certificate, "TLS \(what) \(path): \(reason)")
        }
        return unsafe file
    }

    private static func detail() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let reason = unsafe ERR_reason_error_string(code) else { return "" }
        return unsafe " (\(String(cString: reason)))"
    }
}

/// A server cannot ask anyone.
private func refusePassphrase(
    _: UnsafeMutablePointer<CChar>?, _: CInt, _: CInt, _: UnsafeMutableRawPointer?
) -> CInt { -1 }
