/// How the carrier names this service: scheme, host and port. Signatures are computed over it, TwiML points to it.
public struct PublicOrigin: Sendable, Equatable {
    public var isSecure: Bool
    /// As in a URL: an IPv6 address in brackets.
    public var host: String
    /// As written; nil when the URL names none.
    public var port: Int?

    public init(isSecure: Bool, host: String, port: Int?) {
        (self.isSecure, self.host, self.port) = (isSecure, host, port)
    }

    /// `http(s)://host[:port]`, as the configuration holds it.
    public init?(_ url: String) {
        guard let separator = url.firstRange(of: "://") else { return nil }
        switch url[..<separator.lowerBound] {
        case "https": isSecure = true
        case "http": isSecure = false
        default: return nil
        }
        var authority = url[separator.upperBound...]
        if authority.hasSuffix("/") { authority.removeLast() }
        port = nil
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(number) else {
                return nil
            }
            port = number
            authority = authority[..<colon]
        }
        guard !authority.isEmpty, !authority.contains("/") else { return nil }
        host = String(authority)
    }

    private var authority: String { port.map { "\(host):\($0)" } ?? host }
    /// `https://host:port`, for links and webhooks.
    public var http: String { "\(isSecure ? "https" : "http")://\(authority)" }
    /// `wss://host:port`, for streams.
    public var webSocket: String { "\(isSecure ? "wss" : "ws")://\(authority)" }

    /// Every URL over which the carrier may have computed its signature for `target`, likeliest first.
    ///
    /// Twilio is not of one mind about ports (protocols: signatures, 5): the URL with and without one counts.
    func signedURLs(target: String, isWebSocket: Bool) -> [String] {
        let scheme = isWebSocket ? (isSecure ? "wss" : "ws") : (isSecure ? "https" : "http")
        let other = port == nil ? "\(host):\(isSecure ? 443 : 80)" : host
        var targets = [target]
        if isWebSocket { targets.append(target.hasSuffix("/") ? String(target.dropLast()) : target + "/") }
        return targets.flatMap { ["\(scheme)://\(authority)\($0)", "\(scheme)://\(other)\($0)"] }
    }
}
