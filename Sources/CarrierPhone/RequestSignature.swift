import COpenSSL

/// `X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL exactly as requested and, for a form, each parameter's name
/// and value in the byte order of the names.
///
/// - Source: Twilio, Security: validating requests (2026 edition).
package enum RequestSignature {
    /// - Parameter form: decoded values; empty for a GET or a WebSocket upgrade.
    package static func sign(url: String, form: [(name: String, value: String)] = [], authToken: String) -> String {
        var text = Array(url.utf8)
        var last: (name: String, value: String)?
        let sorted = form.sorted { left, right in
            left.name == right.name
                ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
                : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        for field in sorted {
            // A value sent twice under one name counts once.
            if let last, last.name == field.name, last.value == field.value { continue }
            last = field
            text += field.name.utf8
            text += field.value.utf8
        }
        let key = Array(authToken.utf8)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        unsafe _ = HMAC(EVP_sha1(), key, CInt(key.count), text, text.count, &digest, &length)
        var encoded: [UInt8] = []
        Base64.append(digest.span.extracting(0..<Int(length)), to: &encoded)
        return String(decoding: encoded, as: UTF8.self)
    }
}
