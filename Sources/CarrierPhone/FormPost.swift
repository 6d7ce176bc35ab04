import COpenSSL
import Foundation
import Glibc

/// One signed, form-encoded POST, as a carrier sends webhooks: HTTP/1.1, one connection per request, the URL untouched.
/// Blocks its thread, at most as long as a carrier would wait (15 s); never a loop's.
package struct FormPost: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]
    }

    var url: String
    var form: [(name: String, value: String)]
    /// Empty sends no signature.
    var authToken: String
    var trustedAuthoritiesFile: String?

    private static let deadlineSeconds = 15
    private static let maximumAnswerBytes = 256 * 1024

    /// Off this task's thread.
    func send() async throws(CarrierPhoneError) -> Answer {
        let result: Result<Answer, CarrierPhoneError> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do throws(CarrierPhoneError) {
                    continuation.resume(returning: .success(try sendBlocking()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    func sendBlocking() throws(CarrierPhoneError) -> Answer {
        let address = try WebAddress(url, schemes: ["http", "https"], field: "webhook URL")
        let connection = try PlainOrTLSConnection(
            address, trustedAuthoritiesFile: trustedAuthoritiesFile, deadlineSeconds: Self.deadlineSeconds)
        let body = form.map { "\(Self.escape($0.name))=\(Self.escape($0.value))" }.joined(separator: "&")
        var head = "POST \(address.target) HTTP/1.1\r\nHost: \(address.authority)\r\n"
        head += "User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\nConnection: close\r\n"
        head += "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
        head += "Content-Length: \(body.utf8.count)\r\n"
        if !authToken.isEmpty {
            let signature = RequestSignature.sign(url: url, form: form, authToken: authToken)
            head += "X-Twilio-Signature: \(signature)\r\n"
        }
        head += "I-Twilio-Idempotency-Token: \(UUID().uuidString)\r\n\r\n"
        try connection.write(Array((head + body).utf8))
        let bytes = try connection.readToEnd(maximum: Self.maximumAnswerBytes)
        guard let answer = Self.answer(bytes) else {
            throw CarrierPhoneError("\(url) gave no HTTP answer (\(bytes.count) bytes)")
        }
        return answer
    }

    /// `application/x-www-form-urlencoded`.
    package static func escape(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "*"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): result += "+"
            default:
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    /// Status and body of a whole response, by length, by chunks, or to the end of the connection.
    static func answer(_ bytes: [UInt8]) -> Answer? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        var body = Array(bytes[end.upperBound...])
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].trimmingCharacters(in: .whitespaces).lowercased()
            switch parts[0].lowercased() {
            case "content-length":
                guard let length = Int(value), length >= 0, length <= body.count else { return nil }
                body = Array(body[..<length])
            case "transfer-encoding" where value == "chunked":
                guard let whole = dechunk(body) else { return nil }
                body = whole
            default: break
            }
        }
        return Answer(status: status, body: body)
    }

    private static func dechunk(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let words = String(decoding: rest[..<line.lowerBound], as: UTF8.self).split(separator: ";")
            guard let first = words.first, let size = Int(first, radix: 16), size >= 0 else { return nil }
            if size == 0 { return result }
            guard rest.endIndex - line.upperBound >= size + 2 else { return nil }
            result += rest[line.upperBound..<line.upperBound + size]
            rest = rest[(line.upperBound + size + 2)...]
        }
        return nil
    }
}
