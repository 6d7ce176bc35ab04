/// An `http` or `https` URL taken apart strictly: what two readers could take differently is none (no user, no
/// backslash, no space, no fragment).
struct MediaAddress: Sendable, Equatable {
    var isSecure: Bool
    /// Lower case; an IPv6 address without its brackets.
    var host: String
    var port: Int
    /// Path and query, at least `/`.
    var target: String

    init?(_ text: String) {
        guard text.utf8.count <= 4_096, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C && $0 != 0x23 })
        else { return nil }
        let rest: Substring
        if text.lowercased().hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if text.lowercased().hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            return nil
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest.dropFirst(authority.count)
        target = tail.isEmpty ? "/" : tail.hasPrefix("?") ? "/\(tail)" : String(tail)
        guard !authority.contains("@") else { return nil }
        var name = authority, number: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            name = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            number = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            name = authority[..<colon]
            number = authority[authority.index(after: colon)...]
        }
        port = isSecure ? 443 : 80
        if let number {
            guard number.allSatisfy(\.isNumber), let value = Int(number), (1...65_535).contains(value) else {
                return nil
            }
            port = value
        }
        host = name.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        guard !host.isEmpty else { return nil }
    }

    /// Where a `Location` leads from here. Source: RFC 3986, 5.2; relative paths are not used by storage hosts.
    func following(_ location: String) -> MediaAddress? {
        if location.hasPrefix("//") { return MediaAddress((isSecure ? "https:" : "http:") + location) }
        guard location.hasPrefix("/") else { return MediaAddress(location) }
        return MediaAddress("\(isSecure ? "https" : "http")://\(authority)\(location)")
    }

    /// As `Host` names it.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    func hasOrigin(of other: MediaAddress) -> Bool {
        isSecure == other.isSecure && host == other.host && port == other.port
    }
}
