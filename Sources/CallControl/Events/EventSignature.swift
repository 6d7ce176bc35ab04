public import Configuration
import Foundation

/// Signs events as the Standard Webhooks convention has it (standardwebhooks.com, 2023): HMAC-SHA256 over
/// `id.timestamp.body`, base64, one `v1,` for each secret.
public enum EventSignature {
    /// The value of `webhook-signature`: one signature for each secret, a space between them.
    /// - Parameters:
    ///   - id: the idempotency key; the same for every attempt.
    ///   - timestamp: Unix seconds of this attempt; receivers refuse old ones.
    public static func header(id: String, timestamp: Int64, body: String, secrets: [Secret]) -> String {
        let message = Array("\(id).\(timestamp).\(body)".utf8)
        return secrets.map { secret in
            "v1," + Data(Cryptography.hmac(.sha256, key: key(of: secret), over: message)).base64EncodedString()
        }.joined(separator: " ")
    }

    /// `whsec_` and base64, as libraries of the convention want it, or the text's own bytes.
    private static func key(of secret: Secret) -> [UInt8] {
        let text = secret.reveal()
        if text.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(text.dropFirst(6))) { return Array(bytes) }
        return Array(text.utf8)
    }
}
