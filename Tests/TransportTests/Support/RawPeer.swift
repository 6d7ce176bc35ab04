import Glibc

/// A plain blocking TCP client that says exactly what a test tells it to.
final class RawPeer {
    let descriptor: CInt

    /// - Parameter descriptor: an open connection; closed with the peer.
    init(descriptor: CInt) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    convenience init(port: Int) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
        let status = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(status == 0, "connect: \(errno)")
        self.init(descriptor: descriptor)
    }

    deinit { Glibc.close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Until `count` bytes have come, or the peer closed or five seconds passed.
    func receive(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = receiveSome(atMost: count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }
    func receiveSome(atMost limit: Int = 65_536) -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: limit)
        let count = unsafe recv(descriptor, &piece, limit, 0)
        return count > 0 ? Array(piece[..<count]) : []
    }
    func receiveAll() -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = receiveSome()
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }
    func receiveText(until end: String) -> String {
        var bytes: [UInt8] = []
        while !String(decoding: bytes, as: UTF8.self).hasSuffix(end) {
            let piece = receiveSome(atMost: 1)
            if piece.isEmpty { break }
            bytes += piece
        }
        return String(decoding: bytes, as: UTF8.self)
    }
    func shutdownWriting() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// A whole response head, and its body by Content-Length.
    func receiveResponse() -> String {
        let head = receiveText(until: "\r\n\r\n")
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
        return head + String(decoding: receive(length), as: UTF8.self)
    }

    /// Opens a WebSocket and returns the head of the answer.
    func upgrade(_ target: String = "/echo", version: String = "13", method: String = "GET") -> String {
        send(
            "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: \(version)\r\n\r\n")
        return receiveText(until: "\r\n\r\n")
    }

    /// A masked client frame; `mask` nil leaves the mask out, against the rules; a mask of zeros is quick to apply.
    func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true, mask: [UInt8]? = [1, 2, 3, 4]) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        let bit: UInt8 = mask == nil ? 0 : 0x80
        if payload.count < 126 {
            bytes.append(bit | UInt8(payload.count))
        } else if payload.count < 65_536 {
            bytes += [bit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        } else {
            bytes.append(bit | 127)
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(payload.count >> shift & 0xFF)) }
        }
        guard let mask else { return bytes + payload }
        if mask == [0, 0, 0, 0] { return bytes + mask + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// One unmasked frame from the server: opcode and payload.
    func receiveFrame() -> (opcode: UInt8, payload: [UInt8])? {
        let head = receive(2)
        guard head.count == 2 else { return nil }
        var length = Int(head[1] & 0x7F)
        if length >= 126 { length = receive(length == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) } }
        return (head[0] & 0x0F, receive(length))
    }
}
