/// Where recordings may come from, and who may see the account's credentials. Everything else is refused: a webhook's
/// URL, or a redirect, must not make this service ask hosts of its own network for things.
public struct MediaHosts: Sendable {
    /// The carrier's REST interface as configured: may be plain and private, for it is the operator who named it.
    private let origin: MediaAddress?
    private let more: [String]
    /// Of tests, whose hosts are all on loopback.
    let trusted: [MediaAddress]

    /// - Parameters:
    ///   - apiURL: `twilio.apiURL`.
    ///   - mediaHosts: names beside the carrier's own.
    public init(apiURL: String, mediaHosts: [String] = []) {
        self.init(apiURL: apiURL, mediaHosts: mediaHosts, trusted: [])
    }

    init(apiURL: String, mediaHosts: [String], trusted: [String]) {
        origin = MediaAddress(apiURL)
        more = mediaHosts.map { $0.lowercased() }
        self.trusted = trusted.compactMap { MediaAddress($0) }
    }

    /// Whether a request may go there at all.
    func admit(_ address: MediaAddress) -> Bool {
        if isOwnersChoice(address) { return true }
        guard address.isSecure, address.port == 443 else { return false }
        return address.host.hasSuffix(".twilio.com") || address.host.hasSuffix(".twiliocdn.com")
            || more.contains(address.host)
    }

    /// Whether it may carry the account's credentials: to the carrier's REST interface only, of whatever region.
    func mayHaveCredentials(_ address: MediaAddress) -> Bool {
        if let origin, address.hasOrigin(of: origin) { return true }
        return address.isSecure && address.port == 443
            && (address.host == "api.twilio.com"
                || address.host.hasPrefix("api.") && address.host.hasSuffix(".twilio.com"))
    }

    /// Whether it may be inside somebody's network.
    func mayBePrivate(_ address: MediaAddress) -> Bool { isOwnersChoice(address) }

    private func isOwnersChoice(_ address: MediaAddress) -> Bool {
        if let origin, address.hasOrigin(of: origin) { return true }
        return trusted.contains { address.hasOrigin(of: $0) }
    }
}
