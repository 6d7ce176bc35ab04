import COpenSSL
import Glibc

/// The digest of a file, read in blocks.
public enum FileDigest {
    /// - Returns: SHA-256 in lower-case hexadecimal; nil when the file cannot be read.
    public static func sha256(_ path: String) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { _ = close(file) }
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else { return nil }
        var block = [UInt8](repeating: 0, count: 256 * 1_024)
        while true {
            let count = unsafe read(file, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            guard unsafe EVP_DigestUpdate(context, block, count) == 1 else { return nil }
        }
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard unsafe EVP_DigestFinal_ex(context, &digest, &length) == 1, length == 32 else { return nil }
        return Cryptography.hexadecimal(digest)
    }
}
