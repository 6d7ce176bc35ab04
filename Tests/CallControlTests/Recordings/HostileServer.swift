import Foundation
import Glibc
import Synchronization

/// A host of recordings that does what a test tells it to, byte for byte, over real sockets on loopback: a thread for
/// each connection, one request each.
final class HostileServer: Sendable {
    struct Request: Sendable {
        /// Lines of the head.
        var lines: [String]
        var target: String { lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? "" }
        subscript(name: String) -> String? {
            lines.dropFirst().first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    enum Step: Sendable {
        case send([UInt8])
        /// Until the test opens the gate.
        case wait(Gate)
        /// One byte at a time.
        case drip([UInt8], milliseconds: UInt32)
        /// Says nothing more, and does not close.
        case hang
    }

    final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        func open() { semaphore.signal() }
        fileprivate func wait() {
            _ = semaphore.wait(timeout: .now() + 60)
            semaphore.signal()
        }
    }

    private struct State {
        var requests: [Request] = []
        var isStopping = false
    }
    private let listener: CInt
    let port: Int
    private let state = Mutex(State())
    private let script: @Sendable (Request, Int) -> [Step]

    /// - Parameter script: what a request is answered with, given its place from 0; afterwards the connection is closed.
    init(_ script: @escaping @Sendable (Request, Int) -> [Step]) {
        self.script = script
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                precondition(unsafe bind(listener, generic, size) == 0, "bind: errno \(errno)")
                precondition(listen(listener, 64) == 0, "listen: errno \(errno)")
                unsafe _ = getsockname(listener, generic, &size)
            }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let number = accept(listener, nil, nil)
                guard number >= 0 else { return }
                Thread.detachNewThread { [self] in serve(number) }
            }
        }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }

    func stop() {
        state.withLock { $0.isStopping = true }
        _ = shutdown(listener, CInt(SHUT_RDWR))
        _ = close(listener)
    }

    private func serve(_ number: CInt) {
        defer { _ = close(number) }
        var head = [UInt8](), byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard unsafe recv(number, &byte, 1, 0) == 1 else { return }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n").filter { !$0.isEmpty }
        let request = Request(lines: lines)
        let place = state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        for step in script(request, place) {
            switch step {
            case .send(let bytes): guard send(bytes, to: number) else { return }
            case .wait(let gate): gate.wait()
            case .drip(let bytes, let milliseconds):
                for byte in bytes {
                    guard send([byte], to: number) else { return }
                    usleep(milliseconds * 1_000)
                }
            case .hang:
                while !state.withLock({ $0.isStopping }), unsafe recv(number, &byte, 1, CInt(MSG_DONTWAIT)) != 0 {
                    usleep(5_000)
                }
            }
        }
    }

    private func send(_ bytes: [UInt8], to number: CInt) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress! + done, bytes.count - done, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}

extension HostileServer.Step {
    static func text(_ text: String) -> Self { .send(Array(text.utf8)) }

    /// A whole answer.
    static func answer(_ status: Int, _ headers: [String] = [], body: [UInt8] = [], length: Int? = nil) -> Self {
        let head = ["HTTP/1.1 \(status) Whatever", "Content-Length: \(length ?? body.count)"] + headers
        return .send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// What a well-behaved host answers: all, or the part that was asked for.
    static func file(_ bytes: [UInt8], tag: String = "\"one\"", to request: HostileServer.Request) -> Self {
        guard let range = request["Range"], request["If-Range"] == tag,
            let first = Int(range.dropFirst("bytes=".count).dropLast())
        else { return .answer(200, ["ETag: \(tag)", "Content-Type: audio/x-wav"], body: bytes) }
        return .answer(
            206, ["ETag: \(tag)", "Content-Range: bytes \(first)-\(bytes.count - 1)/\(bytes.count)"],
            body: Array(bytes[first...]))
    }
}
