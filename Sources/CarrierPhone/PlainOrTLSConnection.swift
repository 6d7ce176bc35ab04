import COpenSSL
import Glibc

/// One blocking client connection, plain or TLS with the server's name checked. Owns its socket.
@safe final class PlainOrTLSConnection {
    private let name: String
    private let number: CInt
    private var context: OpaquePointer?
    private var session: OpaquePointer?

    init(_ address: WebAddress, trustedAuthoritiesFile: String?, deadlineSeconds: Int) throws(CarrierPhoneError) {
        name = "\(address.scheme)://\(address.authority)"
        number = try Self.connect(address, deadlineSeconds: deadlineSeconds)
        if address.isSecure { try secure(address, trustedAuthoritiesFile: trustedAuthoritiesFile) }
    }

    deinit {
        if let session = unsafe session {
            unsafe _ = SSL_shutdown(session)
            unsafe SSL_free(session)
        }
        if let context = unsafe context { unsafe SSL_CTX_free(context) }
        _ = Glibc.close(number)
    }

    func write(_ bytes: [UInt8]) throws(CarrierPhoneError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                let rest = unsafe all.baseAddress! + done
                if let session = unsafe session {
                    return unsafe Int(SSL_write(session, rest, CInt(bytes.count - done)))
                }
                return unsafe Glibc.send(number, rest, bytes.count - done, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw CarrierPhoneError("\(name) took no request: \(Self.reason)") }
            done += count
        }
    }

    func readToEnd(maximum: Int) throws(CarrierPhoneError) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count < maximum {
            let count =
                if let session = unsafe session {
                    unsafe Int(SSL_read(session, &block, 16 * 1024))
                } else {
                    unsafe Glibc.recv(number, &block, 16 * 1024, 0)
                }
            if count < 0, bytes.isEmpty { throw CarrierPhoneError("\(name) did not answer: \(Self.reason)") }
            if count <= 0 { break }
            bytes += block[..<count]
        }
        return bytes
    }

    private static var reason: String { unsafe String(cString: strerror(errno)) }

    private static func connect(_ address: WebAddress, deadlineSeconds: Int) throws(CarrierPhoneError) -> CInt {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(address.host, String(address.port), &hints, &found)
        defer { unsafe freeaddrinfo(found) }
        guard status == 0 else {
            let reason = unsafe String(cString: gai_strerror(status))
            throw CarrierPhoneError("the host \(address.host) has no address: \(reason)")
        }
        var last = "no address"
        var next = unsafe found
        while let candidate = unsafe next {
            let number = unsafe socket(
                candidate.pointee.ai_family, candidate.pointee.ai_socktype | CInt(SOCK_CLOEXEC.rawValue), 0)
            if number >= 0 {
                var limit = timeval(tv_sec: deadlineSeconds, tv_usec: 0)
                let size = socklen_t(MemoryLayout<timeval>.size)
                unsafe _ = setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
                unsafe _ = setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
                if unsafe Glibc.connect(number, candidate.pointee.ai_addr, candidate.pointee.ai_addrlen) == 0 {
                    return number
                }
                last = reason
                _ = Glibc.close(number)
            }
            unsafe next = candidate.pointee.ai_next
        }
        throw CarrierPhoneError("\(address.scheme)://\(address.authority) cannot be reached: \(last)")
    }

    private func secure(_ address: WebAddress, trustedAuthoritiesFile: String?) throws(CarrierPhoneError) {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw CarrierPhoneError("OpenSSL made no TLS context")
        }
        unsafe self.context = unsafe context
        if let file = trustedAuthoritiesFile {
            guard unsafe SSL_CTX_load_verify_locations(context, file, nil) == 1 else {
                throw CarrierPhoneError("trusted authorities: \(file) holds no PEM certificate that can be read")
            }
        } else {
            unsafe _ = SSL_CTX_set_default_verify_paths(context)
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard let session = unsafe SSL_new(context) else { throw CarrierPhoneError("OpenSSL made no TLS session") }
        unsafe self.session = unsafe session
        // An address is checked against the certificate's addresses, a name against its names and sent as SNI.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), address.host) != 1 {
            unsafe _ = SSL_set1_host(session, address.host)
            _ = unsafe address.host.withCString {
                unsafe SSL_ctrl(
                    session, CInt(SSL_CTRL_SET_TLSEXT_HOSTNAME), CLong(TLSEXT_NAMETYPE_host_name),
                    UnsafeMutableRawPointer(mutating: $0))
            }
        }
        unsafe _ = SSL_set_fd(session, number)
        guard unsafe SSL_connect(session) == 1 else {
            let result = unsafe SSL_get_verify_result(session)
            let reason =
                result == CLong(X509_V_OK)
                ? "the handshake failed" : unsafe String(cString: X509_verify_cert_error_string(result))
            throw CarrierPhoneError("\(address.scheme)://\(address.authority): TLS: \(reason)")
        }
    }
}
