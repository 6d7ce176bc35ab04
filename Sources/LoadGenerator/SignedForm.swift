import CarrierPhone
import Foundation

/// The voice webhook as bytes: one signed POST, and its answer.
enum SignedForm {
    static func request(
        url: String, address: WebAddress, form: [(name: String, value: String)], authToken: String
    ) -> String {
        let body = form.map { "\(FormPost.escape($0.name))=\(FormPost.escape($0.value))" }.joined(separator: "&")
        let signature = RequestSignature.sign(url: url, form: form, authToken: authToken)
        return """
            POST \(address.target) HTTP/1.1\r\nHost: \(address.authority)\r\nConnection: close\r\n\
            Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n\
            X-Twilio-Signature: \(signature)\r\n\r\n\(body)
            """
    }

    /// - Returns: nil while it is not whole. Only answers with a length are understood, which is what a bridge sends.
    static func answer(_ bytes: [UInt8]) -> (status: Int, body: [UInt8])? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let length =
            lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        guard bytes.count - end.upperBound >= length else { return nil }
        return (status, Array(bytes[end.upperBound..<end.upperBound + length]))
    }
}
