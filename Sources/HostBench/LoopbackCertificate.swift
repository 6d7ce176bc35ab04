import COpenSSL
import Foundation

/// A certificate for 127.0.0.1 that vouches for itself for a day, and its key: for a run over TLS on this machine.
public struct LoopbackCertificate: Sendable {
    /// PEM files.
    public let certificate: String
    public let key: String

    /// Writes both into `folder`, which nobody else should be able to read.
    /// - Throws: `BenchFailure`.
    public init(in folder: String) throws(BenchFailure) {
        (certificate, key) = (folder + "/loopback.pem", folder + "/loopback-key.pem")
        guard let pair = unsafe Self.makeKey() else { throw BenchFailure("OpenSSL made no key") }
        defer { unsafe EVP_PKEY_free(pair) }
        guard let made = unsafe X509_new() else { throw BenchFailure("OpenSSL made no certificate") }
        defer { unsafe X509_free(made) }
        guard unsafe Self.fill(made, pair), unsafe X509_sign(made, pair, EVP_sha256()) > 0 else {
            throw BenchFailure("OpenSSL signed no certificate")
        }
        let isWritten =
            unsafe Self.write(to: certificate) { unsafe PEM_write_bio_X509($0, made) }
            && Self.write(to: key) { unsafe PEM_write_bio_PrivateKey($0, pair, nil, nil, 0, nil, nil) }
        guard isWritten else { throw BenchFailure("cannot write a certificate into \(folder)") }
    }

    /// On the curve P-256.
    private static func makeKey() -> OpaquePointer? {
        guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            unsafe EVP_PKEY_keygen(context, &key) == 1
        else { return nil }
        return unsafe key
    }

    private static func fill(_ certificate: OpaquePointer, _ key: OpaquePointer) -> Bool {
        unsafe X509_set_version(certificate, 2)  // Version 3.
        unsafe ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
        unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
        unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400)
        let name = unsafe X509_get_subject_name(certificate)
        guard unsafe X509_set_pubkey(certificate, key) == 1,
            unsafe X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, "media-bridge bench", -1, -1, 0) == 1,
            unsafe X509_set_issuer_name(certificate, name) == 1
        else { return false }
        for (kind, value) in [(NID_subject_alt_name, "IP:127.0.0.1"), (NID_basic_constraints, "CA:TRUE")] {
            guard let made = unsafe X509V3_EXT_conf_nid(nil, nil, kind, value) else { return false }
            defer { unsafe X509_EXTENSION_free(made) }
            guard unsafe X509_add_ext(certificate, made, -1) == 1 else { return false }
        }
        return true
    }

    private static func write(to path: String, _ body: (OpaquePointer) -> CInt) -> Bool {
        guard let file = unsafe BIO_new_file(path, "w") else { return false }
        defer { unsafe _ = BIO_free(file) }
        return unsafe body(file) == 1
    }
}

/// Why the bench could not do what it was asked for, in a sentence.
public struct BenchFailure: Error, Equatable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
