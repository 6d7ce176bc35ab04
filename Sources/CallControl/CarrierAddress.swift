/// How carriers write parties: a number as it is, or with the way it is reached before it.
enum CarrierAddress {
    /// `whatsapp:+15005550001`, of a call through WhatsApp, is a call of that number; others stay as they are.
    static func number(_ address: String) -> String {
        let scheme = "whatsapp:"
        return address.hasPrefix(scheme) ? String(address.dropFirst(scheme.count)) : address
    }
}
