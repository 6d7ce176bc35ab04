import Transport

/// Echoes whatever it is sent.
final class EchoService: HTTPService {
    private let options: WebSocketOptions

    init(maximumMessageMiB: Int) {
        var options = WebSocketOptions()
        options.maximumMessageBytes = maximumMessageMiB << 20
        // Room for a largest message and its header, and for the answers to what came with it.
        options.sendQueueBytes = (maximumMessageMiB << 20) * 2
        self.options = options
    }

    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) {
        switch (request.method, request.path) {
        case ("GET", "/"), ("HEAD", "/"): exchange.respond(.text(200, "transport-echo\n"))
        case ("POST", "/"): exchange.respond(HTTPResponse(status: 200, body: request.body))
        default: exchange.respond(.text(404, "\(request.method) \(request.target)\n"))
        }
    }

    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        .accept(EchoHandler(), options)
    }
}

final class EchoHandler: WebSocketHandler {
    /// What found no room is not lost: reading rests until the queue has drained.
    private var held: [(message: [UInt8], isText: Bool)] = []

    func webSocketDidOpen(_ socket: WebSocket) {}

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        guard held.isEmpty, send(message, isText, on: socket) else {
            held.append((unsafe message.withUnsafeBufferPointer { unsafe Array($0) }, isText))
            socket.pauseReading()
            return
        }
    }

    func webSocketDidDrain(_ socket: WebSocket) {
        while let next = held.first {
            guard send(next.message.span, next.isText, on: socket) else { return }
            held.removeFirst()
        }
        socket.resumeReading()
    }

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {}

    private func send(_ message: Span<UInt8>, _ isText: Bool, on socket: WebSocket) -> Bool {
        isText ? socket.sendText(message) : socket.sendBinary(message)
    }
}
