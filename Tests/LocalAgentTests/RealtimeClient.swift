import AudioPipeline
import Foundation
import Synchronization
import Transport

@testable import LocalAgent

/// A client of the Realtime protocol over a real socket.
final class RealtimeClient: WebSocketHandler, @unchecked Sendable {
    // Sendable: `socket` is set and used on the loop's thread only; the rest is behind the mutex.
    private struct State {
        var messages: [JSONValue] = []
        var read = 0
        var close: WebSocketClose?
    }

    private let state = Mutex(State())
    private let loop: EventLoop
    private var socket: WebSocket?

    init(_ url: String, headers: [(name: String, value: String)] = [], on loop: EventLoop) {
        self.loop = loop
        loop.submit { [self] in
            var options = WebSocketOptions()
            options.maximumMessageBytes = 1 << 20
            options.sendQueueBytes = 32 << 20
            socket = try? WebSocket.connect(to: url, headers: headers, options: options, on: loop, handler: self)
        }
    }

    func send(_ text: String) { loop.submit { [self] in socket?.sendText(text) } }

    func append(_ bytes: [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: 4_000) {
            let part = Array(bytes[start..<min(start + 4_000, bytes.count)])
            send(#"{"type":"input_audio_buffer.append","audio":"\#(Base64.text(part))"}"#)
        }
    }

    func pauseReading() { loop.submit { [self] in socket?.pauseReading() } }
    func resumeReading() { loop.submit { [self] in socket?.resumeReading() } }
    func close() { loop.submit { [self] in socket?.close() } }

    /// The next message of a type; those before it are passed over.
    func next(_ type: String, seconds: Double = 60) async throws -> JSONValue {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            // Before the look at the clock: the runner may come back late, when everything has arrived.
            let isLate = ContinuousClock.now >= deadline
            let found = state.withLock { state -> JSONValue? in
                while state.read < state.messages.count {
                    let message = state.messages[state.read]
                    state.read += 1
                    if message["type"]?.string == type { return message }
                }
                return nil
            }
            if let found { return found }
            if let close = closed { throw Timeout(waitedFor: type, close: close) }
            if isLate { throw Timeout(waitedFor: type, close: nil) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// All messages so far.
    var messages: [JSONValue] { state.withLock { $0.messages } }
    var closed: WebSocketClose? { state.withLock { $0.close } }

    func whenClosed(seconds: Double = 60) async throws -> WebSocketClose {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if let closed { return closed }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw Timeout(waitedFor: "close", close: nil)
    }

    struct Timeout: Error {
        var waitedFor: String
        var close: WebSocketClose?
    }

    func webSocketDidOpen(_ socket: WebSocket) {}
    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        let bytes = unsafe message.withUnsafeBufferPointer { unsafe Array($0) }
        guard let message = try? JSONReader.read(bytes) else { return }
        state.withLock { $0.messages.append(message) }
    }
    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { state.withLock { $0.close = close } }
}

/// Runs `body` with a server and a loop for clients, and takes both down.
func withLocalAgent(
    _ options: LocalAgentOptions, observer: LocalAgentObserver? = nil,
    _ body: (LocalAgentServer, EventLoop) async throws -> Void
) async throws {
    let loop = try EventLoop(name: "client")
    loop.start()
    defer { loop.stop() }
    let server = try LocalAgentServer(options, observer: observer)
    defer { server.stop() }
    try await body(server, loop)
}

/// Recorded speech: the telephone prompts of Debian's `asterisk-core-sounds-en-wav`, 8 kHz.
enum Prompt {
    static func samples(_ name: String) throws -> [Int16] {
        let file = URL(filePath: "/usr/share/asterisk/sounds/en_US_f_Allison/\(name).wav")
        return SpokenSentence.decode(Array(try Data(contentsOf: file).dropFirst(44)), as: .linear8k)
    }
}
