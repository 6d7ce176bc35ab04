/// The way a call comes: by telephone, through a messenger, another one. Data: a tenant may write rules for a channel that
/// this program has no name for.
public struct PromptChannel: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// An ordinary telephone call; the channel of whatever names no other.
    public static let calls = PromptChannel(rawValue: "calls")
    /// A voice call through WhatsApp, which carriers hand over as any other call.
    public static let whatsapp = PromptChannel(rawValue: "whatsapp")

    public var description: String { rawValue }

    /// Small ASCII letters, digits and hyphens, at most 32, the first one a letter.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first), text.utf8.count <= 32 else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    /// What every agent on this channel is told; nil for a channel that only tenants know.
    static func builtInRules(_ channel: PromptChannel) -> String? {
        switch channel {
        case .calls: ""
        case .whatsapp:
            "The person is calling through WhatsApp. It is a voice call: you cannot send or see text, pictures or links in it."
        default: nil
        }
    }

    /// The channel of the other party's address as the carrier writes it: `whatsapp:+15005550001` names one, a plain
    /// number none. A scheme that is neither built in nor written for in `script` (`sip:`, `client:`) is a telephone call.
    public init(address: String, in script: PromptSource.Script?) {
        self = .calls
        guard let colon = address.firstIndex(of: ":") else { return }
        let named = PromptChannel(rawValue: address[..<colon].lowercased())
        if Self.builtInRules(named) != nil || script?.channels[named] != nil { self = named }
    }
}
