/// An absolute URL in the parts a request needs; nothing is decoded or normalised.
package struct WebAddress: Equatable {
    package var scheme: String, host: String, port: Int
    /// Path and query as they stand; at least `/`.
    package var target: String
    /// As it stood, for a signature.
    package var text: String

    package var isSecure: Bool { scheme == "https" || scheme == "wss" }
    /// What goes into a `Host` header.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// - Parameter field: what errors call this URL.
    package init(_ text: String, schemes: [String], field: String) throws(CarrierPhoneError) {
        let refusal = CarrierPhoneError(
            "\(field): \"\(text)\" is no URL, \(schemes.joined(separator: ":// or "))://HOST[:PORT][/PATH] was expected"
        )
        guard let mark = text.firstRange(of: "://") else { throw refusal }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard schemes.contains(scheme) else { throw refusal }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var authority = rest[..<end]
        if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
        var port = scheme == "https" || scheme == "wss" ? 443 : 80
        var host = authority
        if authority.first == "[", let close = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<close]
            authority = authority[authority.index(after: close)...]
        } else {
            host = authority.prefix { $0 != ":" }
            authority = authority.dropFirst(host.count)
        }
        if !authority.isEmpty {
            guard authority.first == ":", let number = Int(authority.dropFirst()), (1...65_535).contains(number) else {
                throw refusal
            }
            port = number
        }
        guard !host.isEmpty, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { throw refusal }
        let target = rest[end...].prefix { $0 != "#" }
        self.scheme = scheme
        self.host = String(host)
        self.port = port
        self.target = target.first == "/" ? String(target) : "/" + target
        self.text = text
    }

    /// The URL without its query, which a carrier drops from a stream's.
    var withoutQuery: String { String(text.prefix { $0 != "?" && $0 != "#" }) }

    /// `reference` as found in an answer of this address: absolute, or a path on the same host.
    func resolve(_ reference: String, webSocket: Bool) -> String {
        if reference.contains("://") { return reference }
        let scheme = webSocket ? (isSecure ? "wss" : "ws") : scheme
        if reference.hasPrefix("/") { return "\(scheme)://\(authority)\(reference)" }
        let folder = target.prefix { $0 != "?" }
        let base = folder[...(folder.lastIndex(of: "/") ?? folder.startIndex)]
        return "\(scheme)://\(authority)\(base)\(reference)"
    }
}
