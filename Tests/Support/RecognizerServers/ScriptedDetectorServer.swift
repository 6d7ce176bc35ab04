import Synchronization
public import Transport

/// A detector behind a WebSocket, as docs/PLUGINS.md describes it: windows of 512 samples at 16 kHz are speech when a
/// sample is over 1,000. Hangs up when it is told.
public final class ScriptedDetectorServer: HTTPService, WebSocketHandler, @unchecked Sendable {
    // Sendable: `socket` is the loop's alone.
    private let loop: EventLoop
    private let listener = Mutex<Listener?>(nil)
    private let opened = Atomic<Int>(0)
    private let heard = Atomic<Int>(0)
    private var socket: WebSocket?

    public init() throws {
        loop = try EventLoop(name: "judge")
        loop.start()
        let made = try Listener(ListenerOptions(), loops: [loop], service: self)
        listener.withLock { $0 = made }
    }

    public var url: String { "ws://127.0.0.1:\(listener.withLock { $0?.port ?? 0 })/vad" }
    /// Connections so far.
    public var connections: Int { opened.load(ordering: .relaxed) }
    /// Windows that were judged, of all calls.
    public var windows: Int { heard.load(ordering: .relaxed) }

    public func hangUp() { loop.submit { [self] in socket?.close() } }
    public func stop() {
        listener.withLock { $0?.close() }
        loop.stop()
    }

    public func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) { exchange.respond(.text(404, "no\n")) }

    public func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        opened.add(1, ordering: .relaxed)
        return .accept(self, WebSocketOptions())
    }

    public func webSocketDidOpen(_ socket: WebSocket) {
        self.socket = socket
        socket.sendText(#"{"role":"vad","sampleRateHz":16000,"windowSamples":512}"#)
    }

    public func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        guard !isText, message.count >= 12, message.count == 12 + Self.number(message, 8),
            Self.number(message, 4) == 1
        else { return }
        heard.add(1, ordering: .relaxed)
        // Above 1,000 somewhere: by the high byte of a sample.
        var isLoud = false
        for place in stride(from: 13, to: message.count, by: 2) where (4..<0x80).contains(message[place]) {
            isLoud = true
        }
        socket.sendText(#"{"call":\#(Self.number(message, 0)),"probability":\#(isLoud ? 0.9 : 0.1)}"#)
    }

    public func webSocketDidDrain(_ socket: WebSocket) {}
    public func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { self.socket = nil }

    private static func number(_ message: Span<UInt8>, _ place: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(message[place + $1]) << (8 * $1) }
    }
}
