import COpenSSL

/// The few words of OpenSSL that call control needs.
enum Cryptography {
    enum Hash {
        case sha1, sha256
    }

    /// HMAC, RFC 2104. 20 or 32 bytes.
    static func hmac(_ hash: Hash, key: [UInt8], over message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let algorithm = unsafe hash == .sha1 ? EVP_sha1() : EVP_sha256()
        // A key pointer of an empty array may be nil, which OpenSSL takes for "the same key as before".
        let keyBytes = key.isEmpty ? [0] : key
        let result = unsafe HMAC(algorithm, keyBytes, Int32(key.count), message, message.count, &digest, &length)
        precondition(unsafe result != nil, "HMAC of \(message.count) bytes")
        return Array(digest.prefix(Int(length)))
    }

    static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = unsafe EVP_Digest(message, message.count, &digest, &length, EVP_sha256(), nil)
        precondition(done == 1 && length == 32, "SHA-256 of \(message.count) bytes")
        return digest
    }

    /// SHA-256 of what comes piece by piece.
    @safe final class RunningSHA256 {
        private let context: OpaquePointer

        init() {
            guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("EVP_MD_CTX_new") }
            unsafe self.context = unsafe context
            precondition(unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "SHA-256 cannot begin")
        }

        deinit { unsafe EVP_MD_CTX_free(context) }

        func add(_ piece: [UInt8]) {
            precondition(unsafe EVP_DigestUpdate(context, piece, piece.count) == 1, "SHA-256 of \(piece.count) bytes")
        }

        /// Once, at the end. Lower case.
        func hexadecimal() -> String {
            var digest = [UInt8](repeating: 0, count: 32)
            var length: UInt32 = 0
            precondition(
                unsafe EVP_DigestFinal_ex(context, &digest, &length) == 1 && length == 32, "SHA-256 cannot end")
            return Cryptography.hexadecimal(digest)
        }
    }

    /// Compares in a time that depends on the length of `right` only.
    static func areEqual(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Bool {
        // Digests have one length and say nothing of how far two texts agree.
        unsafe CRYPTO_memcmp(sha256(Array(left)), sha256(Array(right)), 32) == 0
    }

    /// Random bytes nobody can guess.
    static func randomBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe RAND_bytes(&bytes, Int32(count))
        // Only a broken system has no randomness; going on with guessable tokens would be worse than stopping.
        precondition(done == 1, "RAND_bytes of \(count)")
        return bytes
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
