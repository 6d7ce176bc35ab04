import Synchronization

@testable import Transport

/// Sends a message again each time it comes back.
final class Bouncer: WebSocketHandler, @unchecked Sendable {
    // Sendable: the count is atomic, the rest belongs to the loop's thread.
    let bounced = Atomic<Int>(0)
    private let message: [UInt8]
    var socket: WebSocket?

    init(bytes: Int) { message = [UInt8](repeating: 0x41, count: bytes) }

    func connect(to url: String, on loop: EventLoop) {
        loop.submit { [self] in socket = try! WebSocket.connect(to: url, on: loop, handler: self) }
    }

    func webSocketDidOpen(_ socket: WebSocket) { send(on: socket) }
    func webSocket(_ socket: WebSocket, didReceive received: Span<UInt8>, isText: Bool) {
        bounced.wrappingAdd(1, ordering: .relaxed)
        send(on: socket)
    }
    private func send(on socket: WebSocket) {
        let bytes = message
        socket.sendText(bytes.span)
    }
    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { self.socket = nil }
}
