import Foundation
import Glibc
import Synchronization

/// Answers one HTTP request with pieces, each sent when the test says so: what streaming means can only be seen so.
final class ChatServer: Sendable {
    let port: Int
    private let listening: Int32
    private let gate = DispatchSemaphore(value: 0)
    private let received = Mutex<String>("")

    /// The request, once it has come.
    var request: String { received.withLock { $0 } }

    init(_ pieces: [String]) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard unsafe bind(descriptor, pointer, length) == 0, listen(descriptor, 4) == 0 else { return false }
                return unsafe getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        listening = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [self] in serve(pieces) }
        thread.start()
    }

    /// Lets the next piece go.
    func release(_ count: Int = 1) { for _ in 0..<count { gate.signal() } }

    private func serve(_ pieces: [String]) {
        let connection = accept(listening, nil, nil)
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        while !isWhole(request) {
            let count = unsafe recv(connection, &bytes, bytes.count, 0)
            guard count > 0 else { break }
            let text = String(decoding: bytes[..<count], as: UTF8.self)
            received.withLock { $0 += text }
        }
        for piece in pieces {
            guard gate.wait(timeout: .now() + 60) == .success else { break }
            let bytes = Array(piece.utf8)
            _ = unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        _ = Glibc.close(connection)
        _ = Glibc.close(listening)
    }

    private func isWhole(_ text: String) -> Bool {
        guard let head = text.range(of: "\r\n\r\n"),
            let line = text.lowercased().components(separatedBy: "\r\n").first(where: {
                $0.hasPrefix("content-length:")
            }),
            let length = Int(line.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces))
        else { return false }
        return text[head.upperBound...].utf8.count >= length
    }

    static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

    static func chunk(_ text: String) -> String {
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\(JSONText.quoted(text))},\"finish_reason\":null}]}\n\n"
    }
}

enum JSONText {
    static func quoted(_ text: String) -> String { "\"" + text.replacing("\"", with: "\\\"") + "\"" }
}
