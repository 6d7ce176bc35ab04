import COpenSSL

/// The server's side of the opening handshake. Source: RFC 6455, section 4.2.
public enum WebSocketHandshake {
    public enum Verdict: Sendable, Equatable {
        /// Not an upgrade to a WebSocket at all: an ordinary request.
        case ordinary
        /// Asks for a WebSocket, wrongly; answer with this and close.
        case refuse(HTTPResponse)
        /// Well formed. `accept` is the value of Sec-WebSocket-Accept.
        case accept(String)
    }

    /// Judges a request whose head has been read. `version` is HTTP's, as the head parser gave it.
    public static func judge(_ request: HTTPRequest, isHTTP11: Bool = true) -> Verdict {
        let upgrade = tokens(request, "upgrade").contains { $0.lowercased() == "websocket" }
        guard upgrade else { return .ordinary }
        guard request.method == "GET" else {
            return .refuse(.text(405, "a WebSocket opens with GET\n").with("Allow", "GET"))
        }
        guard isHTTP11 else { return .refuse(.text(400, "a WebSocket opens over HTTP/1.1\n")) }
        guard tokens(request, "connection").contains(where: { $0.lowercased() == "upgrade" }) else {
            return .refuse(.text(400, "Connection: expected upgrade\n"))
        }
        let versions = values(request, "sec-websocket-version")
        guard versions == ["13"] else {
            return .refuse(
                .text(426, "Sec-WebSocket-Version: expected 13\n").with("Sec-WebSocket-Version", "13"))
        }
        let keys = values(request, "sec-websocket-key")
        guard keys.count == 1, isSixteenBytesOfBase64(keys[0]) else {
            return .refuse(.text(400, "Sec-WebSocket-Key: expected one, 16 bytes in base64\n"))
        }
        guard request.body.isEmpty else { return .refuse(.text(400, "a WebSocket's request has no body\n")) }
        return .accept(accept(for: keys[0]))
    }

    /// Sec-WebSocket-Accept for a key: base64 of SHA-1 of the key and the GUID of RFC 6455, section 1.3.
    public static func accept(for key: String) -> String {
        let input = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        var size: UInt32 = 0
        let status = unsafe EVP_Digest(input, input.count, &digest, &size, EVP_sha1(), nil)
        precondition(status == 1 && size == 20, "EVP_Digest: \(status), \(size) bytes")
        // EVP_EncodeBlock ends its text with a zero byte.
        var text = [UInt8](repeating: 0, count: 29)
        let length = unsafe EVP_EncodeBlock(&text, digest, 20)
        return String(decoding: text[..<Int(length)], as: UTF8.self)
    }

    /// The 101 that opens the socket: no extension and no subprotocol is ever agreed.
    public static func response(accept: String) -> [UInt8] {
        Array(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"
                .utf8)
    }

    private static func values(_ request: HTTPRequest, _ name: String) -> [String] {
        request.headers.fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    private static func tokens(_ request: HTTPRequest, _ name: String) -> [Substring] {
        values(request, name).flatMap { $0.split(separator: ",") }.map { token in
            let head = token.drop { $0 == " " || $0 == "\t" }
            let end = head.lastIndex { $0 != " " && $0 != "\t" }
            return end.map { head[...$0] } ?? ""
        }
    }

    /// 22 characters and `==`; the last character's four low bits are not part of the 16 bytes and must be zero.
    private static func isSixteenBytesOfBase64(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else { return false }
        let digits = bytes[..<22].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        return digits && "AQgw".utf8.contains(bytes[21])
    }
}

extension HTTPResponse {
    fileprivate func with(_ name: String, _ value: String) -> HTTPResponse {
        var copy = self
        copy.headers.append(name, value)
        return copy
    }
}
