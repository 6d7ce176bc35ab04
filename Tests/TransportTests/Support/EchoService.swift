import Synchronization

@testable import Transport

/// Answers requests with what it heard of them and echoes WebSocket messages; remembers how sockets ended.
final class EchoService: HTTPService {
    let options: WebSocketOptions
    let closes = Guarded<[WebSocketClose]>([])
    let requests = Guarded<[HTTPRequest]>([])
    let loops = Guarded<[String: Int]>([:])
    let held = Guarded<[any HTTPExchange]>([])
    let opened = Atomic<Int>(0)
    let received = Atomic<Int>(0)
    /// The socket that was paused when it opened.
    let paused = Guarded<HeldSocket?>(nil)
    let pausesAtOpen: Bool

    init(_ options: WebSocketOptions = .init(), pausesAtOpen: Bool = false) {
        (self.options, self.pausesAtOpen) = (options, pausesAtOpen)
    }

    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
        requests.withLock { $0.append(request) }
        switch request.path {
        case "/drop": break
        case "/large": exchange.respond(HTTPResponse(status: 200, body: [UInt8](repeating: 0x42, count: 24 << 20)))
        case "/hold": held.withLock { $0.append(exchange) }
        default:
            exchange.respond(.text(200, "\(request.method) \(request.target) \(request.body.count)"))
        }
    }

    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        requests.withLock { $0.append(request) }
        loops.withLock { $0[loop.name, default: 0] += 1 }
        if request.path == "/forbidden" { return .refuse(.text(403, "no token")) }
        return .accept(EchoHandler(self), options)
    }
}

final class EchoHandler: WebSocketHandler {
    private let service: EchoService
    init(_ service: EchoService) { self.service = service }

    func webSocketDidOpen(_ socket: WebSocket) {
        service.opened.wrappingAdd(1, ordering: .relaxed)
        guard service.pausesAtOpen else { return }
        socket.pauseReading()
        let held = HeldSocket(socket: socket)
        service.paused.withLock { $0 = held }
    }
    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        service.received.wrappingAdd(1, ordering: .relaxed)
        if message.count == 8, unsafe message.withUnsafeBufferPointer({ unsafe $0.elementsEqual("close me".utf8) }) {
            return socket.close(code: 4_000, reason: "as asked")
        }
        if isText { socket.sendText(message) } else { socket.sendBinary(message) }
    }
    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        service.closes.withLock { $0.append(close) }
    }
}

/// Sendable: carried between threads, used on the loop's.
struct HeldSocket: @unchecked Sendable {
    let socket: WebSocket
    var loop: EventLoop { socket.loop }
}
