import Glibc

/// Asks the kernel for a port of 127.0.0.1 that nobody listens on, for another process to listen on a moment later.
public enum FreePort {
    /// - Throws: `BenchFailure`, with the kernel's reason.
    public static func find() throws(BenchFailure) -> Int {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        defer { if descriptor >= 0 { close(descriptor) } }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe bind(descriptor, name, size) == 0 && getsockname(descriptor, name, &size) == 0
            }
        }
        guard isBound else {
            throw BenchFailure("no free port on 127.0.0.1: \(unsafe String(cString: strerror(errno)))")
        }
        return Int(UInt16(bigEndian: name.sin_port))
    }
}
