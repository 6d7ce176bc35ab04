import ArgumentParser
import Glibc
import Synchronization
import Transport

struct ClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Connects, sends text lines and prints the answers; or echoes what a server sends.")

    @Argument(help: "ws:// or wss:// URL.") var url: String
    @Option(help: "Text to send; may be given several times.") var text: [String] = ["hello"]
    @Option(help: "PEM file of the authorities to trust instead of the system's.") var trust: String?
    @Flag(help: "Send nothing of our own: echo every message, as Autobahn's client tests want it.") var echo = false

    func run() throws {
        let loop = try EventLoop(name: "client")
        loop.start()
        defer { loop.stop() }
        var options = WebSocketOptions()
        options.maximumMessageBytes = 32 << 20
        options.sendQueueBytes = 64 << 20
        options.trustedAuthoritiesFile = trust
        let conversation = ClientConversation(texts: echo ? nil : text)
        let failure = Mutex<TransportError?>(nil)
        let (url, asked) = (url, options)
        loop.submit {
            do throws(TransportError) {
                try conversation.start(url, asked, on: loop)
            } catch {
                failure.withLock { $0 = error }
                conversation.finish(nil)
            }
        }
        let close = conversation.wait()
        if let error = failure.withLock({ $0 }) { throw error }
        guard let close else { return }
        print("\(close.cause.rawValue) \(close.code.map(String.init) ?? "-") \(close.reason)")
        if close.cause != .closed { throw ExitCode.failure }
    }
}

/// Sendable: `socket` and `waiting` belong to the loop's thread, the end is guarded.
final class ClientConversation: WebSocketHandler, @unchecked Sendable {
    private let texts: [String]?
    private var waiting = 0
    private var socket: WebSocket?
    private let end = Mutex<(isOver: Bool, close: WebSocketClose?)>((false, nil))

    /// - Parameter texts: nil echoes.
    init(texts: [String]?) { self.texts = texts }

    func start(_ url: String, _ options: WebSocketOptions, on loop: EventLoop) throws(TransportError) {
        socket = try WebSocket.connect(to: url, options: options, on: loop, handler: self)
    }

    func wait() -> WebSocketClose? {
        while !end.withLock({ $0.isOver }) { usleep(1_000) }
        return end.withLock { $0.close }
    }

    func finish(_ close: WebSocketClose?) { end.withLock { $0 = (true, close) } }

    func webSocketDidOpen(_ socket: WebSocket) {
        guard let texts else { return }
        waiting = texts.count
        for text in texts { socket.sendText(text) }
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        guard texts != nil else {
            _ = isText ? socket.sendText(message) : socket.sendBinary(message)
            return
        }
        print(unsafe message.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) })
        waiting -= 1
        if waiting == 0 { socket.close() }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        self.socket = nil
        finish(close)
    }
}
