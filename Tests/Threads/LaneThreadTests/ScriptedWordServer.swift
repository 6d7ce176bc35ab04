import Synchronization
import Transport

/// A streaming recogniser behind a WebSocket, as docs/PLUGINS.md describes it: says of each utterance that there was one.
final class ScriptedWordServer: HTTPService, WebSocketHandler, @unchecked Sendable {
    // Sendable: `listener` is its owner's alone.
    private let loop: EventLoop
    private let listener = Mutex<Listener?>(nil)
    private let opened = Atomic<Int>(0)

    init() throws {
        loop = try EventLoop(name: "recogniser")
        loop.start()
        let made = try Listener(ListenerOptions(), loops: [loop], service: self)
        listener.withLock { $0 = made }
    }

    var url: String { "ws://127.0.0.1:\(listener.withLock { $0?.port ?? 0 })/words" }
    /// Connections so far.
    var connections: Int { opened.load(ordering: .relaxed) }

    func stop() {
        listener.withLock { $0?.close() }
        loop.stop()
    }

    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) { exchange.respond(.text(404, "no\n")) }

    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        opened.add(1, ordering: .relaxed)
        return .accept(self, WebSocketOptions())
    }

    func webSocketDidOpen(_ socket: WebSocket) {
        socket.sendText(#"{"role":"stt","sampleRateHz":8000,"streaming":true}"#)
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        func word(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(message[place + $1]) << (8 * $1) } }
        guard !isText, message.count >= 12 else { return }
        switch word(4) {
        case 3: socket.sendText(#"{"call":\#(word(0)),"done":true}"#)
        case 4: socket.sendText(#"{"call":\#(word(0)),"partial":"so far"}"#)
        case 5 where message.count == 16:
            socket.sendText(#"{"call":\#(word(0)),"final":"speech","confidence":1,"end":\#(word(12))}"#)
        default: break
        }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {}
}
