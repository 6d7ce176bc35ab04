/// Turns a response into bytes.
public enum HTTPResponseWriter {
    /// - Parameters:
    ///   - isHead: the request was HEAD: the length is stated, the body left out.
    ///   - date: an IMF-fixdate, when the caller keeps one.
    /// - Returns: the whole response, without a file's bytes. `Content-Length`, `Connection`, `Date` and `Transfer-Encoding` among the response's
    ///   own headers are replaced; a CR, LF or NUL in a header becomes a space, so that no value can end its line.
    public static func bytes(
        of response: HTTPResponse, keepsAlive: Bool, isHead: Bool = false, date: String? = nil
    ) -> [UInt8] {
        var head = "HTTP/1.1 \(response.status) \(phrase(response.status))\r\n"
        for (name, value) in response.headers.fields {
            if ["content-length", "connection", "date", "transfer-encoding"].contains(name.lowercased()) { continue }
            head += "\(oneLine(name)): \(oneLine(value))\r\n"
        }
        if let date { head += "Date: \(date)\r\n" }
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        if hasBody { head += "Content-Length: \(response.file?.count ?? Int64(response.body.count))\r\n" }
        head += "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
        return Array(head.utf8) + (hasBody && !isHead && response.file == nil ? response.body : [])
    }

    private static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A || $0 == 0 }) else { return text }
        return String(decoding: text.utf8.map { $0 == 0x0D || $0 == 0x0A || $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
    }

    /// Source: RFC 9110, section 15, and RFC 6585.
    static func phrase(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
