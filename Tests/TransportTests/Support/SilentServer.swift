import Glibc

/// Accepts connections into its backlog and never says a word.
final class SilentServer {
    private let descriptor: CInt
    let port: Int

    init() {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe _ = bind(descriptor, $0, length)
                _ = listen(descriptor, 16)
                unsafe _ = getsockname(descriptor, $0, &length)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    /// The next connection.
    func accept() -> RawPeer? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        return accepted < 0 ? nil : RawPeer(descriptor: accepted)
    }
}
