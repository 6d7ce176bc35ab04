import Glibc

@testable import Transport

/// Accepts one connection, answers its upgrade, and says what a test scripted; then waits for the peer to close.
final class ScriptedServer: @unchecked Sendable {
    // Sendable: `received` is guarded, the rest is constant.
    private let silent = SilentServer()
    var port: Int { silent.port }
    let received = Guarded<[UInt8]>([])
    private let script: [[UInt8]]
    private let wrongAccept: Bool
    private let closesAtOnce: Bool

    /// - Parameter script: pieces sent one after the other once the socket is open.
    init(_ script: [[UInt8]] = [], wrongAccept: Bool = false, closesAtOnce: Bool = false) {
        (self.script, self.wrongAccept, self.closesAtOnce) = (script, wrongAccept, closesAtOnce)
        var thread = pthread_t()
        let me = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(
            &thread, nil,
            { argument in
                unsafe Unmanaged<ScriptedServer>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, me)
        pthread_detach(thread)
    }

    /// An unmasked frame.
    static func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        precondition(payload.count < 126)
        return [(isFinal ? 0x80 : 0) | opcode, UInt8(payload.count)] + payload
    }

    private func run() {
        guard let peer = silent.accept() else { return }
        let head = peer.receiveText(until: "\r\n\r\n")
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-key:") } ?? ""
        let key = String(line.split(separator: " ").last ?? "")
        peer.send(WebSocketHandshake.response(accept: WebSocketHandshake.accept(for: wrongAccept ? "no" : key)))
        for piece in script { peer.send(piece) }
        if closesAtOnce { return }
        let bytes = peer.receiveAll()
        received.withLock { $0 = bytes }
    }
}
