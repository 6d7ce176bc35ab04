/// Which IP addresses are the public Internet's.
/// Source: IANA special-purpose address registries for IPv4 and IPv6 (2026).
enum PublicAddress {
    /// - Parameter address: four bytes, in the order they are written.
    static func isPublic(v4 address: [UInt8]) -> Bool {
        guard address.count == 4 else { return false }
        let (a, b, c) = (address[0], address[1], address[2])
        switch a {
        case 0, 10, 127, 224...: return false
        case 100: return !(64...127).contains(b)
        case 169: return b != 254
        case 172: return !(16...31).contains(b)
        case 192: return !(b == 168 || b == 0 && (c == 0 || c == 2) || b == 88 && c == 99)
        case 198: return !(b == 18 || b == 19 || b == 51 && c == 100)
        case 203: return !(b == 0 && c == 113)
        default: return true
        }
    }

    /// Global unicast (2000::/3) only, without what wraps or documents other addresses: Teredo, 6to4, 2001:db8::/32.
    /// - Parameter address: 16 bytes.
    static func isPublic(v6 address: [UInt8]) -> Bool {
        guard address.count == 16, address[0] & 0xE0 == 0x20 else { return false }
        if address[0] == 0x20, address[1] == 0x02 { return false }
        guard address[0] == 0x20, address[1] == 0x01 else { return true }
        return !(address[2] == 0x0D && address[3] == 0xB8) && !(address[2] < 0x02)
    }
}
