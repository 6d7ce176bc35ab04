/// The parts of a `ws://` or `wss://` URL that a connection needs.
struct WebSocketURL: Sendable, Equatable {
    var isSecure: Bool
    /// Without the brackets of an IPv6 address.
    var host: String
    var port: Int
    /// Path and query, as written.
    var target: String

    /// Value of the Host header.
    var hostHeader: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// IPv4 or IPv6 in numbers: then a certificate is asked for the address, and no name is sent.
    var hasNumericHost: Bool {
        host.contains(":") || host.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 || $0 == UInt8(ascii: ".") }
    }

    /// Of a name in DNS. Source: RFC 1035, section 2.3.4.
    static var longestHost: Int { 253 }

    init(_ url: String) throws(TransportError) {
        func bad(_ expected: String) -> TransportError {
            TransportError(.badURL, "URL \(Self.shown(url)): expected \(expected)")
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw bad("printable ASCII without spaces") }
        let rest: Substring
        if url.lowercased().hasPrefix("ws://") {
            (isSecure, rest) = (false, url.dropFirst(5))
        } else if url.lowercased().hasPrefix("wss://") {
            (isSecure, rest) = (true, url.dropFirst(6))
        } else {
            throw bad("ws:// or wss://")
        }
        guard !rest.contains("#") else { throw bad("no fragment (#)") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest[authority.endIndex...]
        guard !authority.contains("@") else { throw bad("no user name before the host") }
        var portText: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw bad("a closing ] after the IPv6 address") }
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw bad("a port after ]") }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else {
            let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { throw bad("brackets around an IPv6 address") }
            host = String(parts[0])
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard !host.isEmpty, host.utf8.count <= Self.longestHost else {
            throw bad("a host of 1 to \(Self.longestHost) characters")
        }
        if let portText {
            guard let number = Int(portText), (1...65_535).contains(number) else { throw bad("a port from 1 to 65535") }
            port = number
        } else {
            port = isSecure ? 443 : 80
        }
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
        guard target.utf8.count <= 4_096 else { throw bad("a path and query of at most 4096 bytes") }
    }

    /// Errors show neither what stands before an @ nor a query: both may hold secrets.
    private static func shown(_ url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        guard let at = path.lastIndex(of: "@") else { return "\"\(path)\"" }
        return "\"...\(path[at...])\""
    }
}
