public import Configuration
import Foundation
public import Transport

/// Twilio's request signatures: HMAC over the URL as Twilio requested it, and the form's fields.
///
/// Source: twilio.com/docs/usage/security (2026) and the `twilio` 9.13 package for Python.
public enum TwilioSignature {
    public enum Algorithm: Sendable { case hmacSHA1, hmacSHA256 }

    public enum Verdict: Sendable, Equatable { case valid, missing, wrong }

    /// The signature in base64.
    /// - Parameters:
    ///   - url: exactly as it was requested: nothing decoded, nothing reordered.
    ///   - fields: of a form POST; nil for anything else.
    public static func compute(
        url: String, fields: FormFields?, key: String, algorithm: Algorithm = .hmacSHA1
    ) -> String {
        Data(bytes(url: url, fields: fields, key: key, algorithm: algorithm)).base64EncodedString()
    }

    private static func bytes(url: String, fields: FormFields?, key: String, algorithm: Algorithm) -> [UInt8] {
        var message = Array(url.utf8)
        // Names in byte order, then the distinct values of each in byte order.
        let ordered = (fields?.fields ?? []).map { (name: Array($0.name.utf8), value: Array($0.value.utf8)) }
            .sorted { left, right in
                left.name == right.name
                    ? left.value.lexicographicallyPrecedes(right.value)
                    : left.name.lexicographicallyPrecedes(right.name)
            }
        for (index, field) in ordered.enumerated() {
            if index > 0, ordered[index - 1] == field { continue }
            message += field.name
            message += field.value
        }
        return Cryptography.hmac(algorithm == .hmacSHA1 ? .sha1 : .sha256, key: Array(key.utf8), over: message)
    }

    /// Whether a carrier that holds one of `tenants`' secrets sent this request.
    /// - Parameters:
    ///   - fields: the decoded body of a form POST; nil when the request has none.
    ///   - isWebSocket: an upgrade, signed over a `wss` URL.
    public static func verify(
        _ request: HTTPRequest, fields: FormFields?, origin: PublicOrigin, tenants: [Tenant], isWebSocket: Bool = false
    ) -> Verdict {
        guard let given = request.headers["X-Twilio-Signature"], !given.isEmpty else { return .missing }
        guard let algorithm = algorithm(of: request), bodyIsAccountedFor(request, fields) else { return .wrong }
        let urls = origin.signedURLs(target: request.target, isWebSocket: isWebSocket)
        var isValid = false
        for key in keys(of: tenants, for: algorithm) {
            for url in urls {
                let expected = compute(url: url, fields: fields, key: key, algorithm: algorithm)
                if Cryptography.areEqual(expected.utf8, given.utf8) { isValid = true }
            }
        }
        return isValid ? .valid : .wrong
    }

    /// Nil for an algorithm nobody told us about. Without the header it is HMAC-SHA1 with the auth token.
    private static func algorithm(of request: HTTPRequest) -> Algorithm? {
        guard let settings = request.headers["X-Twilio-Webhooks-Signature-Settings"] else { return .hmacSHA1 }
        let named = settings.split(separator: ",").lazy
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .first { $0.hasPrefix("algorithm=") }
        return named == "algorithm=HMAC_SHA256" ? .hmacSHA256 : nil
    }

    private static func keys(of tenants: [Tenant], for algorithm: Algorithm) -> Set<String> {
        Set(
            tenants.compactMap { tenant in
                switch algorithm {
                case .hmacSHA1: tenant.authToken
                case .hmacSHA256: tenant.webhookKey ?? tenant.authToken
                }
            }.map { $0.reveal() })
    }

    /// A body that is no form is signed by its digest in the query.
    private static func bodyIsAccountedFor(_ request: HTTPRequest, _ fields: FormFields?) -> Bool {
        guard fields == nil, !request.body.isEmpty else { return true }
        let prefix = "bodySHA256="
        guard let parameter = request.query.split(separator: "&").first(where: { $0.hasPrefix(prefix) }) else {
            return false
        }
        let expected = Cryptography.hexadecimal(Cryptography.sha256(request.body))
        return Cryptography.areEqual(parameter.dropFirst(prefix.count).lowercased().utf8, expected.utf8)
    }
}
