public import Configuration
import Foundation
import Glibc

/// Keeps a tenant's webhook from reaching into our own network.
///
/// Looked up before each delivery, since a name may point elsewhere by then. The request looks the name up again: whoever
/// answers differently within that moment is not seen through; networks where that matters want a rule of their firewall.
public enum EventAddress {
    /// What an address is, as far as it matters here.
    public enum Reach: Sendable, Equatable {
        case open
        /// Private, carrier-grade, loopback, unique local: with leave only.
        case inside
        /// Link-local (where clouds keep their credentials), multicast, unspecified, reserved: never.
        case never
    }

    /// Why nothing may be sent to the webhook now; nil when it may. Waits for the resolver.
    public static func refusal(of settings: EventSettings) -> String? {
        guard let host = URLComponents(string: settings.url)?.host, !host.isEmpty else { return "no address" }
        let addresses = resolve(host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")))
        if addresses.isEmpty { return "the name does not resolve" }
        return refusal(of: addresses, isInsideAllowed: settings.allowPrivateAddresses || settings.isLoopback)
    }

    static func refusal(of addresses: [[UInt8]], isInsideAllowed: Bool) -> String? {
        for address in addresses {
            switch reach(of: address) {
            case .open: break
            case .inside where isInsideAllowed: break
            case .inside: return "the name leads into a private network"
            case .never: return "the name leads to an address nothing is sent to"
            }
        }
        return nil
    }

    /// - Parameter address: 4 or 16 bytes in network order.
    public static func reach(of address: [UInt8]) -> Reach {
        if address.count == 16 { return reach(ofVersion6: address) }
        guard address.count == 4 else { return .never }
        switch (address[0], address[1], address[2]) {
        case (0, _, _), (169, 254, _), (224..., _, _), (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113):
            return .never
        case (10, _, _), (127, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _), (198, 18...19, _):
            return .inside
        default: return .open
        }
    }

    private static func reach(ofVersion6 address: [UInt8]) -> Reach {
        let isEmptyBefore12 = address[0..<10].allSatisfy { $0 == 0 }
        // ::ffff:a.b.c.d, ::a.b.c.d, 64:ff9b::a.b.c.d and 2002:a.b.c.d:: are IPv4 in other clothes.
        if isEmptyBefore12, address[10] == 0xFF, address[11] == 0xFF { return reach(of: Array(address[12...])) }
        if isEmptyBefore12, address[10] == 0, address[11] == 0 {
            if address[12...] == [0, 0, 0, 1] { return .inside }
            return address[12...] == [0, 0, 0, 0] ? .never : reach(of: Array(address[12...]))
        }
        if address[0..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return reach(of: Array(address[12...])) }
        if address[0..<2] == [0x20, 0x02] { return reach(of: Array(address[2..<6])) }
        switch (address[0], address[1]) {
        case (0xFE, 0x80...0xBF), (0xFF, _): return .never
        case (0xFC...0xFD, _), (0xFE, 0xC0...0xFF): return .inside
        default: return .open
        }
    }

    /// The bytes of one address in its usual writing.
    static func bytes(of text: String) -> [UInt8]? { resolve(text).first }

    /// Every address of a name, or the one that is written.
    private static func resolve(_ host: String) -> [[UInt8]] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var found: [[UInt8]] = []
        var entry = unsafe list
        while let one = unsafe entry {
            if unsafe one.pointee.ai_family == AF_INET, let address = unsafe one.pointee.ai_addr {
                unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    let bits = unsafe $0.pointee.sin_addr.s_addr
                    found.append(unsafe withUnsafeBytes(of: bits) { unsafe Array($0) })
                }
            } else if unsafe one.pointee.ai_family == AF_INET6, let address = unsafe one.pointee.ai_addr {
                unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    let bits = unsafe $0.pointee.sin6_addr
                    found.append(unsafe withUnsafeBytes(of: bits) { unsafe Array($0) })
                }
            }
            unsafe entry = one.pointee.ai_next
        }
        return found
    }
}
